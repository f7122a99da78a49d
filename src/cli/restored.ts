import { userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createChainReader } from "../arc/chain-reader.ts";
import { loadConfig, type Config } from "../config.ts";
import { kafkaOf, topicsOf } from "../connections.ts";
import type { Database } from "../database/pool.ts";
import { PaymentError } from "../errors.ts";
import { createLog } from "../log.ts";
import { closeRestore, type Closing } from "../restore/close-restore.ts";
import { openRestore } from "../restore/open-restore.ts";
import { readReport, type ReportDeps, type RestoreReport } from "../restore/restore-report.ts";
import { instanceOf } from "../stage-deps.ts";
import { rpcOf } from "./chain-access.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { printDocument, type Output } from "./output.ts";
import { restoreDocument, restoreText } from "./restored-text.ts";

export interface RestoredOptions {
  readonly declare: boolean;
  readonly dismiss: boolean;
  readonly yes: boolean;
  readonly reason?: string;
}

/** The service reads topics and chain within a second or two; longer means that none is running. */
const PATIENCE_MS = 30_000;
const POLL_MS = 500;

/**
 * The way back from a restored backup. Without `--yes` it shows what was found, and on a terminal asks. Exit 5 where
 * there is nothing to close or the answer is no, 8 while chain or topics are still being read.
 */
export async function restoredCommand(output: Output, options: RestoredOptions): Promise<ExitCode> {
  if (options.declare && options.dismiss) throw refused("Give --declare or --dismiss, not both.");
  const config = loadConfig();
  const actor = `operator:${userInfo().username}`;
  return withDatabase(async (pool) => {
    if (options.declare) return declare(output, pool, { actor, reason: reasonOf(options) });
    const deps = reportDeps(config, pool);
    const report = await readReport(deps);
    if (!report.state.open) return nothingOpen(output, report);
    if (!options.yes && !(await isAgreed(output, report, options))) return EXIT.refused;
    return close(output, deps, {
      restoreId: report.state.open.id,
      verdict: options.dismiss ? "dismissed" : "restored",
      actor,
      reason: reasonOf(options),
    });
  });
}

async function declare(
  output: Output,
  pool: Database,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): Promise<ExitCode> {
  const log = createLog({ level: "silent", instanceId: "gigpay" });
  const isNew = await openRestore({ db: pool, log }, { kind: "declared", actor, reason });
  printDocument(output, { declared: true, isNew }, () =>
    isNew
      ? "declared: nothing is planned, failed or sent until `gigpay restored --yes --reason …`"
      : "a restore was open already; the declaration stands beside what was found",
  );
  return EXIT.done;
}

function nothingOpen(output: Output, report: RestoreReport): ExitCode {
  printDocument(output, restoreDocument(report), () => restoreText(report));
  return EXIT.refused;
}

/** Shows what was found; only a person at a terminal can be asked. */
async function isAgreed(
  output: Output,
  report: RestoreReport,
  { dismiss }: RestoredOptions,
): Promise<boolean> {
  printDocument(output, restoreDocument(report), () => restoreText(report));
  if (output.json || !process.stdin.isTTY) return false;
  const question = dismiss
    ? "Was nothing restored?"
    : "Is every old process stopped, and is the directory right, wallets above all?";
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

async function close(output: Output, deps: ReportDeps, closing: Closing): Promise<ExitCode> {
  const report = await untilReady(deps);
  const isReady = report.waitingFor.length === 0 && report.state.open?.id === closing.restoreId;
  const isClosed = isReady && (await closeRestore(deps.pool, closing));
  printDocument(
    output,
    { ...restoreDocument(report), closed: isClosed, verdict: closing.verdict },
    () => (isClosed ? `closed as ${closing.verdict}; dispatch goes on` : restoreText(report)),
  );
  if (isClosed) return EXIT.done;
  return isReady ? EXIT.refused : EXIT.inDoubt;
}

/** The cursor need only have come to where the head was when it was asked for. */
async function untilReady(deps: ReportDeps): Promise<RestoreReport> {
  const endMs = Date.now() + PATIENCE_MS;
  const head = await deps.headNumber();
  const fixed = { ...deps, headNumber: async () => head };
  for (;;) {
    const report = await readReport(fixed);
    if (report.waitingFor.length === 0 || Date.now() > endMs) return report;
    await delay(POLL_MS);
  }
}

function reportDeps(config: Config, pool: Database): ReportDeps {
  const log = createLog({ level: "silent", instanceId: config.INSTANCE_ID });
  const instance = instanceOf(config);
  const chain = createChainReader({
    rpc: rpcOf(config),
    payOnce: instance.payOnce,
    onStray: () => undefined,
  });
  return {
    pool,
    kafka: kafkaOf(config, log),
    topics: topicsOf(config),
    instance,
    headNumber: () => chain.headNumber(),
  };
}

function reasonOf({ reason }: RestoredOptions): string {
  if (reason === undefined || reason.trim() === "")
    throw refused("Give a --reason for the audit log.");
  return reason;
}

function refused(message: string): PaymentError {
  return new PaymentError("OPERATION_REFUSED", "reject", message);
}
