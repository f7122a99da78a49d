import { discardDeadLetter } from "../acceptance/discard-dead-letter.ts";
import { discardReport, type DiscardReport } from "../operating/letter-reports.ts";
import { listDeadLetters, type DeadLetterStatus } from "../queries/list-dead-letters.ts";
import { letterLine } from "./dead-letter-text.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { confirmChange, orderOf, type OperatorOptions } from "./operator-options.ts";
import { printDocument, type Output } from "./output.ts";

export interface ListOptions {
  readonly status?: DeadLetterStatus;
  readonly code?: string;
  readonly platform?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Newest first, without their bytes. */
export async function listCommand(output: Output, options: ListOptions): Promise<ExitCode> {
  const { status, code, platform: platformId, limit, cursor } = options;
  const page = await withDatabase((db) =>
    listDeadLetters(db, { status, code, platformId }, { limit, cursor }),
  );
  printDocument(output, page, () => {
    if (page.data.length === 0) return "no dead letters";
    const more = page.nextCursor === null ? [] : [`more: --cursor ${page.nextCursor}`];
    return [...page.data.map(letterLine), ...more].join("\n");
  });
  return EXIT.done;
}

/** Exit 0 where each was discarded, 5 where one was closed before or is unknown. */
export async function discardCommand(
  output: Output,
  ids: readonly string[],
  options: OperatorOptions,
): Promise<ExitCode> {
  await confirmChange(options, `Discard ${ids.length} dead letters: nothing becomes of them`);
  const report = await withDatabase(async (pool) => {
    const results = [];
    for (const deadLetterId of new Set(ids)) {
      const result = await discardDeadLetter({ pool }, deadLetterId, orderOf(options));
      results.push({ deadLetterId, ...result });
    }
    return discardReport(results);
  });
  printDocument(output, report, () => discardText(report));
  return report.refused > 0 ? EXIT.refused : EXIT.done;
}

function discardText({ discarded, refused, results }: DiscardReport): string {
  const lines = results.map(({ deadLetterId, problem }) =>
    problem
      ? `refused    ${deadLetterId}  ${problem.code}: ${problem.message}`
      : `discarded  ${deadLetterId}`,
  );
  return [...lines, `${discarded} discarded, ${refused} not`].join("\n");
}
