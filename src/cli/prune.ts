import { userInfo } from "node:os";
import { prune, type PruneReport } from "../pruning/prune.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { printDocument, table, type Output } from "./output.ts";

export interface PruneCommandOptions {
  /** Days. */
  readonly olderThan: number;
  readonly dryRun: boolean;
}

/** Counting reads all that is over once; each part that is dropped takes milliseconds. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** Drops the bytes of what was over long ago. Exit 5 while a restored backup waits for its operator. */
export async function pruneCommand(
  output: Output,
  { olderThan: olderThanDays, dryRun }: PruneCommandOptions,
): Promise<ExitCode> {
  const actor = `operator:${userInfo().username}`;
  const report = await withDatabase((pool) => prune(pool, { olderThanDays, dryRun, actor }), {
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  printDocument(output, documentOf(report), () => textOf(report));
  return EXIT.done;
}

function documentOf({ before, isDryRun, tables }: PruneReport) {
  return { before: before.toISOString(), dryRun: isDryRun, tables };
}

function textOf({ before, isDryRun, tables }: PruneReport): string {
  const lines = tables.map(
    ({ table: name, rows, bytes }) =>
      [name, `${rows} rows, ${(bytes / 1_000_000).toFixed(1)} MB`] as const,
  );
  const done = isDryRun ? "would be dropped" : "dropped";
  return `${done} of what was over before ${before.toISOString()}\n${table(lines)}`;
}
