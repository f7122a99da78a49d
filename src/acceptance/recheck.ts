import { sql } from "slonik";
import { z } from "zod";
import { outlastOutage } from "../database/outlast-outage.ts";
import type { Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { failpoint } from "../failpoint.ts";
import { isBeforeRestore } from "../payment/before-restore.ts";
import type { Wake } from "../wake.ts";
import type { AcceptanceDeps, AcceptanceSettings, AfterCommit } from "./acceptance-deps.ts";
import { countPlans } from "./count-accepted.ts";
import { NO_PLATFORM_WAIT_MS, planPayment, usesTry, type Plan } from "./plan-payment.ts";
import { readFacts, type DirectoryFacts } from "./read-facts.ts";
import { writePlatformDays } from "./platform-days.ts";
import { readRecent, startTally, type Recent } from "./recent-payments.ts";
import { updatePlans } from "./update-plans.ts";
import { waitingColumns, waitingRow, type WaitingPayment } from "./waiting-payment.ts";
import { writeFailures } from "./write-failures.ts";

const BATCH_MAX = 200;
/** The back-stop for payments that another instance accepted and could not announce. */
const POLL_MS = 5_000;
/** While another instance holds what is due, there is nothing to do but not to spin. */
const PAUSE_MS = 50;

export interface Rechecked {
  readonly planned: number;
  readonly failed: number;
  readonly stillWaiting: number;
  /** Until the next one is due, by the database's clock; null: none waits. */
  readonly nextDueInMs: number | null;
}

/** Looks again for what accepted payments wait for, until the signal aborts; many instances may run it side by side. */
export async function runRecheck(
  deps: AcceptanceDeps,
  wake: Wake,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { nextDueInMs } = await outlastOutage(deps, () => recheckDue(deps), signal);
      const waitMs = Math.min(Math.max(nextDueInMs ?? POLL_MS, PAUSE_MS), POLL_MS);
      await wake.heard(waitMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** One round over at most 200 payments that are due: each is planned, waits on, or has waited long enough and fails. */
export async function recheckDue(deps: AcceptanceDeps): Promise<Rechecked> {
  const { afterCommit, plans, ...rechecked } = await transact(deps.pool, (tx) =>
    recheckWithin(tx, deps),
  );
  if (rechecked.planned + rechecked.failed + rechecked.stillWaiting > 0) {
    await failpoint("recheck.committed");
  }
  afterCommit();
  countPlans(deps.metrics, plans);
  if (rechecked.planned > 0) deps.announce("dispatch");
  if (rechecked.failed > 0) deps.announce("relay");
  return rechecked;
}

const dueInRow = z.object({ due_in_ms: z.number().nullable() });

async function recheckWithin(
  tx: Transaction,
  deps: AcceptanceDeps,
): Promise<Rechecked & { afterCommit: AfterCommit; plans: readonly Plan[] }> {
  const { settings } = deps;
  const due = await tx.any(sql.prepared("acceptance-recheck-due", waitingRow)`
    SELECT ${waitingColumns} FROM payments
    WHERE state = 'accepted' AND next_attempt_at <= payment_now()
    ORDER BY next_attempt_at LIMIT ${BATCH_MAX}
    FOR UPDATE SKIP LOCKED
  `);
  const directory = await readFacts(tx, settings, due);
  const ids = due.map(({ paymentId }) => paymentId);
  const recent = await readRecent(tx, settings.risk, due, ids);
  const planned = planAgain(due, directory, recent, settings);
  await updatePlans(
    tx,
    settings,
    directory.now,
    planned.map(({ payment, plan }) => updateOf(payment, plan)),
  );
  await writePlatformDays(tx, settings.risk, recent.platforms, {
    now: directory.now,
    planned: planned.flatMap(({ payment, plan }) => (plan.state === "planned" ? [payment] : [])),
  });
  const failed = planned.flatMap(({ payment, plan }) =>
    plan.state === "failed" ? [{ ...payment, failure: plan.failure, attempts: 0 }] : [],
  );
  await writeFailures(tx, deps, directory.now, failed);
  const adopted = planned.flatMap(({ payment, plan }) =>
    "adopt" in plan && plan.adopt ? [payment.paymentId] : [],
  );
  const afterCommit = adopted.length > 0 ? await deps.adopt(tx, adopted) : () => undefined;
  const { due_in_ms: nextDueInMs } = await tx.one(sql.prepared("acceptance-next-due", dueInRow)`
    SELECT ceil(extract(epoch FROM min(next_attempt_at) - payment_now()) * 1000)::float8 AS due_in_ms
    FROM payments WHERE state = 'accepted'
  `);
  if (due.length > 0) await failpoint("recheck.before_commit");
  const stillWaiting = planned.filter(({ plan }) => plan.state === "accepted").length;
  return {
    planned: planned.length - failed.length - stillWaiting,
    failed: failed.length,
    stillWaiting,
    nextDueInMs,
    afterCommit,
    plans: planned.map(({ plan }) => plan),
  };
}

/** In order, so that a worker's payments of one round count against each other's limits. */
function planAgain(
  due: readonly WaitingPayment[],
  directory: DirectoryFacts,
  recent: Recent,
  settings: AcceptanceSettings,
): { payment: WaitingPayment; plan: Plan }[] {
  const tally = startTally(settings.risk, recent, directory.now);
  return due.map((payment, index) => {
    const facts = directory.of[index];
    const platform = facts?.platform;
    if (!facts || !platform) {
      return { payment, plan: { state: "accepted", waitMs: NO_PLATFORM_WAIT_MS, adopt: false } };
    }
    const knownSince = [payment.occurredAt, payment.acceptedAt, facts.task?.createdAt ?? null];
    const planningFacts = {
      ...facts,
      platform,
      recent: tally.of(payment),
      isRestoring: directory.isRestoring,
      isAnnounced: facts.announced !== null,
      beforeRestore: isBeforeRestore(knownSince, directory),
    };
    const plan = planPayment(payment, planningFacts, settings, payment.tries + 1);
    tally.add(payment, plan.state);
    return { payment, plan };
  });
}

function updateOf({ paymentId, generation, tries }: WaitingPayment, plan: Plan) {
  return {
    paymentId,
    from: { state: "accepted" as const, generation },
    generation,
    tries: plan.state === "accepted" ? tries + (usesTry(plan) ? 1 : 0) : 0,
    origin: null,
    plan,
  };
}
