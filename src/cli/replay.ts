import { replayDeadLetters, selectLetters } from "../acceptance/replay-dead-letters.ts";
import { loadConfig } from "../config.ts";
import { decoderOf } from "../connections.ts";
import { dispositionOf, PaymentError } from "../errors.ts";
import { replayReport, type ReplayReport } from "../operating/letter-reports.ts";
import { getDeadLetter, type Decode } from "../queries/get-dead-letter.ts";
import { replayDeps } from "../stage-deps.ts";
import { letterText } from "./dead-letter-text.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { confirmChange, orderOf, usage, type OperatorOptions } from "./operator-options.ts";
import { printDocument, type Output } from "./output.ts";
import { withConnected } from "./with-connected.ts";

export interface ReplayOptions extends OperatorOptions {
  readonly code?: string;
  readonly platform?: string;
  readonly all: boolean;
  readonly limit: number;
  readonly dryRun: boolean;
}

/** One with its bytes, its decoded event and the field in which it differs. */
export async function showCommand(output: Output, id: string): Promise<ExitCode> {
  const decode = patientDecoder(decoderOf(loadConfig()).decodeTaskCompleted);
  const letter = await withDatabase((db) => getDeadLetter(db, decode, id));
  if (!letter) {
    throw new PaymentError("OPERATION_REFUSED", "reject", `There is no dead letter ${id}.`);
  }
  printDocument(output, letter, () => letterText(letter));
  return EXIT.done;
}

/** The bytes are worth showing without the registry too. */
function patientDecoder(decode: Decode): Decode {
  return async (value) => {
    try {
      return await decode(value);
    } catch (error) {
      if (dispositionOf(error) !== "retry") throw error;
      process.stderr.write("gigpay: the registry is away, so the event is not decoded\n");
      return { ok: false };
    }
  };
}

/** Exit 0 where each was replayed, 5 where one was refused again, closed before, or unknown. */
export async function replayCommand(
  output: Output,
  ids: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const { code, platform: platformId, dryRun, limit } = options;
  const filtered = options.all || code !== undefined || platformId !== undefined;
  if (ids.length > 0 === filtered) {
    throw usage("give either ids, or --code, --platform or --all.");
  }
  const what = ids.length > 0 ? `${ids.length} dead letters` : `up to ${limit} dead letters`;
  if (!dryRun) await confirmChange(options, `Replay ${what}`);
  const report = await withConnected(async (connected) => {
    const deps = replayDeps(connected);
    const filter = { code, platformId };
    const chosen = ids.length > 0 ? ids : await selectLetters(deps, { filter, limit });
    const order = { ...orderOf(options), dryRun };
    return replayReport(await replayDeadLetters(deps, chosen, order), dryRun);
  });
  printDocument(output, report, () => replayText(report));
  return report.refused > 0 ? EXIT.refused : EXIT.done;
}

function replayText({ dryRun, replayed, refused, results }: ReplayReport): string {
  const lines = results.map(({ deadLetterId, verdict, paymentId, generation, problem }) =>
    problem
      ? `refused   ${deadLetterId}  ${problem.code}: ${problem.message}`
      : `replayed  ${deadLetterId}  ${verdict} payment ${paymentId}, generation ${generation}`,
  );
  const summary = `${replayed} replayed, ${refused} not`;
  return [...lines, dryRun ? `${summary}; a dry run: nothing was changed` : summary].join("\n");
}
