import type { DeadLetter, Replayed } from "../../client/api.ts";
import type { Answer, Client } from "../../client/create-client.ts";
import { ApiProblem } from "../../client/problem.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { confirmChange, usage, type OperatorOptions } from "../operator-options.ts";
import { printDocument, type Output } from "../output.ts";
import { letterLine, letterText } from "./dead-letter-text.ts";
import { printList, type ListOptions } from "./print-list.ts";
import { exitCodeOfProblem } from "./problem-text.ts";
import type { ServiceOptions } from "./service-options.ts";
import { withClient } from "./with-client.ts";

export interface LetterListOptions extends ListOptions {
  readonly status?: DeadLetter["status"];
  readonly code?: string;
  readonly platform?: string;
}

export interface ReplayOptions extends ServiceOptions, OperatorOptions {
  readonly code?: string;
  readonly platform?: string;
  readonly all: boolean;
  readonly limit: number;
  readonly dryRun: boolean;
}

export type DiscardOptions = ServiceOptions & OperatorOptions;

/** Newest first, without their bytes. */
export async function letterListCommand(
  output: Output,
  options: LetterListOptions,
): Promise<ExitCode> {
  const { status, code, platform: platformId } = options;
  return withClient(output, options, async (client) => {
    const pages = (limit: number) =>
      client.each("listDeadLetters", { query: { status, code, platformId, limit } });
    return printList(output, options, { pages, line: letterLine, none: "no dead letters" });
  });
}

/** One with its bytes, its decoded event and the field in which it differs. */
export async function letterShowCommand(
  output: Output,
  id: string,
  options: ServiceOptions,
): Promise<ExitCode> {
  return withClient(output, options, async (client) => {
    const { body: letter } = await client.call("getDeadLetter", { path: { id } });
    printDocument(output, letter, () => letterText(letter));
    return EXIT.done;
  });
}

/** Exit 0 where each was replayed, 5 where one was refused again, closed before, or unknown. */
export async function replayCommand(
  output: Output,
  ids: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const { code, platform: platformId, dryRun, limit, reason } = options;
  const filtered = options.all || code !== undefined || platformId !== undefined;
  if (ids.length > 0 === filtered) {
    throw usage("give either ids, or --code, --platform or --all.");
  }
  const what = ids.length > 0 ? `${ids.length} dead letters` : `up to ${limit} dead letters`;
  if (!dryRun) await confirmChange(options, `Replay ${what}`);
  return withClient(output, options, async (client) => {
    const print = (report: Replayed): ExitCode => {
      printDocument(output, report, () => replayText(report));
      return report.refused > 0 ? EXIT.refused : EXIT.done;
    };
    if (ids.length === 0) {
      const body = { filter: { code, platformId }, limit, dryRun, reason };
      return print((await client.call("replayDeadLetters", { body })).body);
    }
    const body = { reason, dryRun };
    return forEach(output, ids, async (id) =>
      print((await client.call("replayDeadLetter", { path: { id }, body })).body),
    );
  });
}

/** Exit 0 where each was discarded, 5 where one was closed before or is unknown. */
export async function discardCommand(
  output: Output,
  ids: readonly string[],
  options: DiscardOptions,
): Promise<ExitCode> {
  const { reason } = options;
  await confirmChange(options, `Discard ${ids.length} dead letters: nothing becomes of them`);
  return withClient(output, options, async (client) =>
    forEach(output, ids, async (id) => {
      const { body } = await discard(client, id, reason);
      printDocument(output, body, () => `discarded  ${id}`);
      return EXIT.done;
    }),
  );
}

function discard(client: Client, id: string, reason: string): Promise<Answer<DeadLetter>> {
  return client.call("discardDeadLetter", { path: { id }, body: { reason } });
}

/** One after the other, a document each; what is refused does not stop the others. */
async function forEach(
  output: Output,
  ids: readonly string[],
  act: (id: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  let worst: ExitCode = EXIT.done;
  for (const id of new Set(ids)) {
    try {
      worst = Math.max(worst, await act(id)) as ExitCode;
    } catch (error) {
      if (!(error instanceof ApiProblem) || exitCodeOfProblem(error) !== EXIT.refused) throw error;
      const { problem, code, message } = error;
      printDocument(output, problem, () => `refused    ${id}  ${code}: ${message}`);
      worst = EXIT.refused;
    }
  }
  return worst;
}

function replayText({ dryRun, replayed, refused, results }: Replayed): string {
  const lines = results.map(({ deadLetterId, verdict, paymentId, generation, problem }) =>
    problem
      ? `refused   ${deadLetterId}  ${problem.code}: ${problem.message}`
      : `replayed  ${deadLetterId}  ${verdict} payment ${paymentId}, generation ${generation}`,
  );
  const summary = `${replayed} replayed, ${refused} not`;
  return [...lines, dryRun ? `${summary}; a dry run: nothing was changed` : summary].join("\n");
}
