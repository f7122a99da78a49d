import type { Logger } from "pino";
import { sql } from "slonik";
import { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { Alarm } from "../payment/alarm.ts";
import type { RetryPolicy, Verdict } from "../payment/evidence.ts";
import type { RailName } from "../payment/events.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import type { Wake } from "../wake.ts";
import type { CauseOf } from "./ask-tokens.ts";
import type { Draft } from "./draft.ts";
import { judgeLogs, type Judgement, type PlacedLog, type SeenLog } from "./judge-logs.ts";
import { loadLedger, type LedgerDeps } from "./load-ledger.ts";
import { writeAudit } from "./write-audit.ts";
import { writeEffects } from "./write-effects.ts";
import { writeOutcomes, type OutcomeDeps } from "./write-outcomes.ts";
import { writePause } from "./write-pause.ts";
import { writePayments } from "./write-payments.ts";
import { writeSends } from "./write-sends.ts";

export interface SettleDeps extends LedgerDeps, OutcomeDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "batch" | "retries" | "voids" | "reviews">;
  /** Of this deployment: for payments that a restore made forget theirs. */
  readonly rail: RailName;
  readonly retries: RetryPolicy;
  readonly reputationPoints: number;
  readonly wakes: { readonly relay: Wake; readonly dispatch: Wake };
  /** Whether an alarm pauses dispatch, in the same commit. */
  readonly pausesOnAlarm: boolean;
  /** Called after the commit. */
  onAlarm(alarm: Alarm): void;
}

/** A terminal event that was decided, for metrics and the log. */
interface SettledOutcome {
  readonly kind: "completed" | "failed";
  readonly payment: Draft;
}

export interface Settled {
  /** When it was begun. */
  readonly startedAt: Date;
  readonly logs: number;
  /** In log order. */
  readonly outcomes: readonly SettledOutcome[];
  readonly retried: number;
  readonly waiting: number;
  readonly voiding: number;
  readonly reviewed: number;
  readonly alarms: readonly Alarm[];
  readonly sendsMined: number;
}

/** Locks, judges and writes: everything of commit 3 but the cursor. Inside a transaction; nothing but SQL and pure code. */
export async function settleLogs(
  tx: Transaction,
  deps: SettleDeps,
  places: readonly SeenLog[],
  { now, causeOf }: { readonly now: Date; readonly causeOf: CauseOf },
): Promise<Settled> {
  const startedAt = new Date();
  const ids = paymentIdsOf(places);
  const skipped = paymentIdsOf(places.filter(({ log }) => log.kind === "skipped"));
  const ledger = await loadLedger(tx, deps, { paymentIds: ids, skippedIds: skipped });
  const { rail, retries: policy } = deps;
  const judgement = await withoutExpected(
    tx,
    judgeLogs(ledger, places, { now, rail, policy, causeOf }),
  );
  await writeJudgement(tx, deps, judgement, now);
  await writeSends(tx, judgement.mined, places);
  return summaryOf(judgement, places.length, startedAt);
}

/** All that follows from a judgement, whatever it was judged by, but for the sends that brought the evidence. */
export async function writeJudgement(
  tx: Transaction,
  deps: SettleDeps,
  judgement: Judgement,
  now: Date,
): Promise<void> {
  const completed = draftsOf(judgement, "complete");
  // Before the payments: what refers to them locks them, which costs nothing until they have a new version.
  await writeOutcomes(tx, deps, announcedOf(judgement));
  await writeEffects(tx, completed, deps.reputationPoints);
  await writePayments(tx, { instance: deps.instance, now }, judgement.changed);
  await writeAudit(tx, judgement);
  if (deps.pausesOnAlarm) await writePause(tx, judgement.alarms);
}

const restoringRow = z.object({ is_restoring: z.boolean() });

/** A restored database knows no payment of its forgotten past: the operator who closes the restore is shown their number. */
async function withoutExpected(tx: Transaction, judgement: Judgement): Promise<Judgement> {
  if (judgement.alarms.every(({ kind }) => kind !== "paid_unknown")) return judgement;
  const { is_restoring: isRestoring } = await tx.one(sql.prepared(
    "settle-is-restoring",
    restoringRow,
  )`
    SELECT EXISTS (SELECT FROM restores WHERE closed_at IS NULL) AS is_restoring
  `);
  if (!isRestoring) return judgement;
  return { ...judgement, alarms: judgement.alarms.filter(({ kind }) => kind !== "paid_unknown") };
}

/**
 * After the commit: wakes the stages that have work now, raises the alarms and counts. `retried`: why what is tried again
 * did not pay.
 */
export function announceSettled(
  deps: SettleDeps,
  settled: Settled,
  retried: "refused" | "dead" = "refused",
): void {
  const { batch, retries, voids, reviews } = deps.metrics;
  if (settled.logs > 0) batch.observe({ stage: "settle" }, settled.logs);
  retries.add({ reason: retried }, settled.retried);
  voids.add({}, settled.voiding);
  reviews.add({}, settled.reviewed);
  const payments = settled.outcomes.map(({ payment }) => ({ ...payment, paymentId: payment.id }));
  deps.tracing.batch({ name: "settle", startedAt: settled.startedAt, payments });
  if (settled.outcomes.length > 0) deps.wakes.relay.ring();
  const sendable = settled.retried + settled.waiting + settled.voiding + settled.sendsMined;
  if (sendable > 0) deps.wakes.dispatch.ring();
  for (const alarm of settled.alarms) {
    deps.log.error({ alarm }, "the chain contradicts this service");
    deps.onAlarm(alarm);
  }
}

function paymentIdsOf(places: readonly PlacedLog[]): string[] {
  return [...new Set(places.flatMap(({ log }) => paymentIdOfRef(log.ref) ?? []))];
}

function draftsOf({ decisions }: Judgement, kind: Verdict["kind"]): Draft[] {
  return decisions.flatMap(({ verdict, draft }) => (verdict.kind === kind ? [draft] : []));
}

/** Those whose event is made now; one that our own topic had already is decided, but not published again. */
function announcedOf({ decisions }: Judgement): Draft[] {
  return decisions.flatMap(({ verdict, draft }) =>
    (verdict.kind === "complete" || verdict.kind === "fail") && !verdict.announced ? [draft] : [],
  );
}

/** For whoever announces it after the commit. */
export function summaryOf(judgement: Judgement, logs: number, startedAt: Date): Settled {
  const count = (kind: Verdict["kind"]) => draftsOf(judgement, kind).length;
  return {
    startedAt,
    logs,
    outcomes: announcedOf(judgement).map((payment) => ({
      kind: payment.state === "completed" ? "completed" : "failed",
      payment,
    })),
    retried: count("retry"),
    waiting: count("wait"),
    voiding: count("void"),
    reviewed: count("doubt") + count("unproven"),
    alarms: judgement.alarms,
    sendsMined: judgement.mined.length,
  };
}
