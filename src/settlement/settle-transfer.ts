import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { failpoint } from "../failpoint.ts";
import { databaseTime, type ClockReading } from "../payment/database-time.ts";
import type { Verdict } from "../payment/evidence.ts";
import { judgeTransfer } from "../payment/judge-transfer.ts";
import { logKey, type TransferReceipt, type TransferSearch } from "../payment/transfer-log.ts";
import { applyVerdict, type Draft } from "./draft.ts";
import { alarmOf, type Decision } from "./judge-logs.ts";
import { loadLedger } from "./load-ledger.ts";
import {
  hasRival,
  isEveryPostAnswered,
  lockTransfer,
  readClaimed,
  type OpenTransfer,
} from "./read-transfers.ts";
import { announceSettled, summaryOf, writeJudgement, type SettleDeps } from "./settle-logs.ts";
import { writeTransfer } from "./write-transfer.ts";

/** What the chain says of an open transfer; asked before the transaction, never inside it. */
export interface TransferReadings {
  readonly receipts: readonly TransferReceipt[];
  readonly search: TransferSearch | null;
  /** When the look began and when it was over, as `performance.now()` tells it. */
  readonly lookedAtMs: number;
  readonly readAtMs: number;
}

const clockRow = z.object({ now: z.date() });

/**
 * Commit 3 of a plain transfer: payment, task, reputation, audit, outbox and the log that proves it, all or none. The
 * same transfer may be settled by two at once, and again after a crash: one wins, the other finds it closed.
 */
export async function settleTransfer(
  deps: SettleDeps,
  read: OpenTransfer,
  readings: TransferReadings,
): Promise<Verdict["kind"] | "closed"> {
  await failpoint("transfer.before_settle");
  const settled = await transact(deps.pool, (tx) => settleWithin(tx, deps, read, readings));
  if (!settled) return "closed";
  await failpoint("transfer.settled");
  announceSettled(deps, settled.summary, "dead");
  return settled.kind;
}

/** The same inside a transaction of the caller's; undefined where something else is known of it by now. */
export async function settleWithin(
  tx: Transaction,
  deps: SettleDeps,
  read: OpenTransfer,
  readings: TransferReadings,
) {
  const askedAtMs = performance.now();
  const startedAt = new Date();
  const { now } = await tx.one(sql.prepared("settle-clock", clockRow)`SELECT payment_now() AS now`);
  const ids = { paymentIds: [read.paymentId], skippedIds: [] };
  const before = (await loadLedger(tx, deps, ids)).drafts.get(read.paymentId);
  const transfer = await lockTransfer(tx, read.id);
  if (!before || !transfer || !isSame(transfer, read)) return undefined;
  if (before.transactionId !== transfer.id || before.generation !== transfer.generation) {
    return undefined;
  }
  const verdict = await judge(tx, deps, { draft: before, transfer, readings });
  const after = afterVerdict(before, verdict, {
    clock: { now, askedAtMs },
    deps,
    transfer,
    readings,
  });
  const decision: Decision = { verdict, evidence: evidenceOf(transfer), draft: after };
  const judgement = {
    changed: after === before ? [] : [{ before, after }],
    decisions: [decision],
    mined: [],
    alarms: alarmOf(decision),
  };
  await writeJudgement(tx, deps, judgement, now);
  await writeTransfer(tx, deps.instance.chainId, transfer, verdict);
  await failpoint("transfer.before_commit");
  return { kind: verdict.kind, summary: summaryOf(judgement, 1, startedAt) };
}

/** Nothing that the readings were taken for has changed since. */
function isSame(now: OpenTransfer, read: OpenTransfer): boolean {
  return (
    now.hashes.length === read.hashes.length &&
    now.end?.at.getTime() === read.end?.at.getTime() &&
    now.circleState === read.circleState
  );
}

interface Case {
  readonly draft: Draft;
  readonly transfer: OpenTransfer;
  readonly readings: TransferReadings;
}

async function judge(
  tx: Transaction,
  deps: SettleDeps,
  { draft, transfer, readings }: Case,
): Promise<Verdict> {
  const { receipts, search } = readings;
  const moved = receipts.flatMap((receipt) => (receipt.kind === "mined" ? receipt.transfers : []));
  const seen = [...moved, ...(search?.found ?? [])];
  const place = { id: transfer.id, chainId: deps.instance.chainId };
  const claimed = await readClaimed(tx, place, seen);
  const evidence = {
    receipts,
    search,
    circleState: transfer.circleState,
    end: transfer.end,
    claimed: new Set(claimed.map(logKey)),
    hasRival: (search?.found.length ?? 0) > 0 && (await hasRival(tx, transfer)),
    everyPostAnswered: await isEveryPostAnswered(tx, draft.id, draft.generation),
  };
  // The terms that were sent; those of the payment are the same, or it is not ours to complete.
  return judgeTransfer({ ...draft, terms: transfer.terms }, evidence, deps.retries);
}

function afterVerdict(
  draft: Draft,
  verdict: Verdict,
  {
    clock,
    deps,
    transfer,
    readings,
  }: { clock: ClockReading; deps: SettleDeps; transfer: OpenTransfer; readings: TransferReadings },
): Draft {
  const send = { operator: transfer.terms.payer, circleId: transfer.circleId };
  const followedAt = databaseTime(clock, readings.lookedAtMs);
  const logsReadAt = databaseTime(clock, readings.readAtMs);
  const context = { now: clock.now, rail: deps.rail, followedAt, logsReadAt, send };
  const after = applyVerdict(draft, verdict, context);
  if (verdict.kind !== "doubt") return after;
  // It stays with its transfer, which stays open: nothing new is ever sent for it, and looking goes on.
  return { ...after, transactionId: draft.transactionId, nextAttemptAt: null };
}

function evidenceOf(transfer: OpenTransfer): Record<string, unknown> {
  const { id: sendId, circleId, circleState, hashes, end } = transfer;
  return { sendId, circleId, circleState, hashes, ...(end && { end: end.code }) };
}
