import type { Bulk } from "../../client/api.ts";
import type { Client } from "../../client/create-client.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { confirmChange, usage } from "../operator-options.ts";
import { printDocument, type Output } from "../output.ts";
import { readBulkFile, surveyBulkFile, type BulkLine } from "./bulk-file.ts";
import { inOrder } from "./in-order.ts";
import type { ServiceOptions } from "./service-options.ts";
import { withClient } from "./with-client.ts";

export interface BulkOptions extends ServiceOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** What one request takes at most. */
const ITEMS_MAX = 500;
/** Requests at once: enough to hide the way there and back, too few to crowd out others. */
const IN_FLIGHT_MAX = 4;
const TIMEOUT_MS = 30_000;

interface Sent {
  readonly lines: readonly BulkLine[];
  readonly body: Bulk;
}

/**
 * Pays every line of a file, 500 a request, and prints what became of each: a document a line with `--json`, else those
 * that need a look. Where it breaks off the same command goes on: what was accepted is a duplicate then.
 */
export async function bulkCommand(
  output: Output,
  path: string,
  options: BulkOptions,
): Promise<ExitCode> {
  const survey = await surveyBulkFile(path);
  const { items, totals } = survey;
  if (items === 0) throw usage(`${path} holds nothing.`);
  if (options.dryRun) {
    printDocument(output, survey, () => `${items} items, ${totals.join(", ")}; nothing was sent`);
    return EXIT.done;
  }
  await confirmChange(options, `Pay ${items} items, ${totals.join(", ")}`);
  return withClient(output, options, async (client) => {
    const count = { accepted: 0, duplicates: 0, rejected: 0, failed: 0 };
    const all = inOrder(chunksOf(path), IN_FLIGHT_MAX, (lines) => sendChunk(client, lines));
    for await (const { lines, body } of all) {
      count.accepted += body.accepted;
      count.duplicates += body.duplicates;
      count.rejected += body.rejected;
      count.failed += printResults(output, lines, body);
      const until = lines.at(-1)?.line ?? 0;
      process.stderr.write(`gigpay: bulk ${body.bulkId} up to line ${until} of ${path}\n`);
    }
    const { accepted, duplicates, rejected, failed } = count;
    process.stderr.write(
      `${accepted} accepted, ${duplicates} duplicates, ${rejected} rejected; ${failed} failed at once\n`,
    );
    if (rejected > 0) return EXIT.refused;
    return failed > 0 ? EXIT.paymentFailed : EXIT.done;
  });
}

async function* chunksOf(path: string): AsyncGenerator<readonly BulkLine[], void> {
  let lines: BulkLine[] = [];
  for await (const line of readBulkFile(path)) {
    lines.push(line);
    if (lines.length < ITEMS_MAX) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}

async function sendChunk(client: Client, lines: readonly BulkLine[]): Promise<Sent> {
  const items = lines.map(({ item }) => item);
  const call = client.call("createBulk", { body: { items } }, { timeoutMs: TIMEOUT_MS });
  return { lines, body: (await call).body };
}

/** Answers how many were accepted and have failed. */
function printResults(output: Output, lines: readonly BulkLine[], { results }: Bulk): number {
  let failed = 0;
  for (const { index, status, paymentId, problem } of results) {
    const { line = 0, item } = lines[index] ?? {};
    if (problem && status !== "rejected") failed += 1;
    const { taskId = "", platformId = "" } = item ?? {};
    if (output.json || problem) {
      const document = { line, platformId, taskId, status, paymentId, problem };
      const why = problem ? `  ${problem.code}: ${problem.message}` : "";
      printDocument(output, document, () => `${status.padEnd(9)}  line ${line}  ${taskId}${why}`);
    }
  }
  return failed;
}
