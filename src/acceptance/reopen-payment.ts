import assert from "node:assert/strict";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import { isBeforeRestore } from "../payment/before-restore.ts";
import { formatMicros } from "../payment/money.ts";
import { firstDifference } from "../payment/sameness.ts";
import type { Submission } from "../payment/submission.ts";
import type { AcceptanceDeps, AfterCommit } from "./acceptance-deps.ts";
import type { EligibilityFacts } from "./check-eligibility.ts";
import type { Candidate, Objection } from "./check-submission.ts";
import type { KnownPayment } from "./find-repeat.ts";
import { lostRace } from "./lost-race.ts";
import { nextGeneration } from "./next-generation.ts";
import type { OperatorOrder } from "./operator-order.ts";
import { planPayment, type Plan } from "./plan-payment.ts";
import { readFacts, type SubjectFacts } from "./read-facts.ts";
import { knownPaymentColumns, knownPaymentRow } from "./read-known.ts";
import { refuseWhileRestoring } from "./refuse-while-restoring.ts";
import { writePlatformDays } from "./platform-days.ts";
import { readRecent, startTally, type Recent } from "./recent-payments.ts";
import { updatePlans } from "./update-plans.ts";
import { insertInbox } from "./write-inbox.ts";

export type Reopening =
  /** The conflict stands: there is no such payment, or it has not failed. */
  | { readonly kind: "stands" }
  /** The payment says the very same by now; nothing is opened. */
  | { readonly kind: "duplicate"; readonly payment: KnownPayment }
  | { readonly kind: "reopened"; readonly generation: number }
  /** It cannot be paid now; nothing was changed. */
  | { readonly kind: "refused"; readonly objection: Objection }
  /** The chain says that it was paid: settlement gets it. */
  | { readonly kind: "paid_on_chain"; readonly afterCommit: AfterCommit };

/** What contradicts a failed payment, with the letter and the operator behind it. */
export interface Contradiction {
  readonly candidate: Candidate;
  readonly submission: Submission;
  /** Its event id was kept with another content: what it said first stands in the inbox. */
  readonly eventKnown: boolean;
  readonly deadLetterId: string;
}

/**
 * Opens the next generation of a failed payment under the terms of an event that contradicted it, so that a bad first
 * event does not poison its task. Only an operator's replay leads here, and only from `failed`. The task's id stays, and
 * with it PayOnce's promise. Throws a lost race where another instance was faster with the payment or its key.
 */
export async function reopenPayment(
  tx: Transaction,
  deps: AcceptanceDeps,
  contradiction: Contradiction,
  order: OperatorOrder,
): Promise<Reopening> {
  const { candidate } = contradiction;
  const payment = await tx.maybeOne(sql.prepared("acceptance-reopen-lock", knownPaymentRow)`
    SELECT ${knownPaymentColumns} FROM payments WHERE id = ${candidate.paymentId}::uuid FOR UPDATE
  `);
  if (!payment) return { kind: "stands" };
  if (firstDifference(candidate, payment) === undefined) return { kind: "duplicate", payment };
  if (payment.state !== "failed") return { kind: "stands" };
  if (await isKeyOfAnother(tx, candidate)) return { kind: "refused", objection: KEY_TAKEN };

  const { now, recent, plan, byEvent } = await planReopening(tx, deps, candidate);
  if (plan.state === "review") return { kind: "refused", objection: BEFORE_RESTORE };
  if ("adopt" in plan && plan.adopt) {
    return { kind: "paid_on_chain", afterCommit: await deps.adopt(tx, [payment.paymentId]) };
  }
  if (plan.state !== "planned") return { kind: "refused", objection: objectionOf(plan) };
  const generation = await nextGeneration(tx, payment);
  await writeIdentity(tx, contradiction, payment);
  const from = { state: "failed", generation: payment.generation } as const;
  const update = { paymentId: payment.paymentId, from, generation, tries: 0, plan };
  await updatePlans(tx, deps.settings, now, [{ ...update, origin: "replay" }]);
  const { risk } = deps.settings;
  await writePlatformDays(tx, risk, recent.platforms, { now, planned: [candidate] });
  if (byEvent) await correctTask(tx, candidate);
  if (!contradiction.eventKnown) {
    const { source } = contradiction.submission;
    await insertInbox(tx, now, [{ candidate, verdict: "new", source }]);
  }
  await auditReopening(tx, contradiction, order, { payment, generation });
  return { kind: "reopened", generation };
}

const KEY_TAKEN: Objection = {
  code: "idempotency_key_conflict",
  message:
    "A payment of another task has this idempotency key; nothing was paid. Have the event sent with a key of its own.",
  field: "taskId",
};

const BEFORE_RESTORE: Objection = {
  code: "before_restore",
  message:
    "A plain transfer that failed before a backup was restored opens no other generation: a later one may have been paid and forgotten. Look for it in Circle's console.",
  field: null,
};

const idRow = z.object({ id: z.string() });

async function isKeyOfAnother(tx: Transaction, candidate: Candidate): Promise<boolean> {
  const owner = await tx.maybeOne(sql.prepared("acceptance-reopen-key", idRow)`
    SELECT id FROM payments
    WHERE platform_id = ${candidate.platformId} AND idempotency_key = ${candidate.idempotencyKey}
  `);
  return owner !== null && owner.id !== candidate.paymentId;
}

async function planReopening(
  tx: Transaction,
  { settings }: AcceptanceDeps,
  candidate: Candidate,
): Promise<{ now: Date; recent: Recent; plan: Plan; byEvent: boolean }> {
  const directory = await readFacts(tx, settings, [candidate]);
  refuseWhileRestoring(directory);
  const { now, of } = directory;
  const recent = await readRecent(tx, settings.risk, [candidate], [candidate.paymentId]);
  const [facts] = of;
  const platform = facts?.platform;
  if (!facts || !platform) throw lostRace("the platform");
  const byEvent = platform.taskSource === "event";
  const planningFacts = {
    ...facts,
    platform,
    task: byEvent ? taskOfEvent(facts, candidate) : facts.task,
    recent: startTally(settings.risk, recent, now).of(candidate),
    isRestoring: false,
    // A failure that was announced is what it is opened from.
    isAnnounced: facts.announced === "completed",
    // A refusal changes nothing here, so whether a failure would need a void is no question; a plain transfer has none.
    beforeRestore:
      settings.method === "transfer" &&
      isBeforeRestore(await readKnownSince(tx, candidate), directory),
  };
  // No waiting either: the operator sees what is missing and replays once it is there.
  const plan = planPayment(candidate, planningFacts, settings, settings.retryDelaysMs.length);
  return { now, recent, plan, byEvent };
}

const knownSinceRow = z.object({ accepted_at: z.date(), occurred_at: z.date() });

/** Of the payment as it stands: the event that is replayed may be younger than the restore. */
async function readKnownSince(tx: Transaction, { paymentId }: Candidate): Promise<Date[]> {
  const known = await tx.one(sql.prepared("acceptance-reopen-known-since", knownSinceRow)`
    SELECT accepted_at, occurred_at FROM payments WHERE id = ${paymentId}::uuid
  `);
  return [known.accepted_at, known.occurred_at];
}

/** Where events are the tasks, the bad event wrote the task too: the event that is replayed says what it is. */
function taskOfEvent({ task }: SubjectFacts, candidate: Candidate): EligibilityFacts["task"] {
  if (!task) return null;
  const { workerId, amount, currency } = candidate;
  return { ...task, workerId, amount, currency };
}

function objectionOf(plan: Plan): Objection {
  assert("failure" in plan, "no waits are left");
  const { code, message } = plan.failure;
  return { code, message, field: null };
}

/** The net amount and fee of the older terms go first: they no longer add up to the new amount. */
async function writeIdentity(
  tx: Transaction,
  { candidate, submission }: Contradiction,
  { generation }: KnownPayment,
): Promise<void> {
  const { paymentId, workerId, amount, currency, idempotencyKey, eventId, occurredAt } = candidate;
  const written = await tx.any(sql.prepared("acceptance-reopen-identity", idRow)`
    UPDATE payments
    SET worker_id = ${workerId}, amount = ${formatMicros(amount)}::numeric, currency = ${currency},
      idempotency_key = ${idempotencyKey}, source_event_id = ${eventId}, bulk_id = NULL, net_amount = NULL, fee = NULL,
      occurred_at = ${occurredAt.toISOString()}::timestamptz,
      received_at = payment_now() - ${performance.now() - submission.receivedAtMs} * interval '1 millisecond'
    WHERE id = ${paymentId}::uuid AND state = 'failed' AND generation = ${generation}
    RETURNING id
  `);
  if (written.length !== 1) throw lostRace("a payment");
}

/** Other states than these were refused before. */
async function correctTask(tx: Transaction, candidate: Candidate): Promise<void> {
  const { platformId, taskId, workerId, amount, currency } = candidate;
  await tx.query(sql.prepared("acceptance-reopen-task", anyRow)`
    INSERT INTO tasks (platform_id, id, worker_id, amount, currency, status)
    VALUES (${platformId}, ${taskId}, ${workerId}, ${formatMicros(amount)}::numeric, ${currency}, 'completed')
    ON CONFLICT (platform_id, id) DO UPDATE
    SET worker_id = excluded.worker_id, amount = excluded.amount, currency = excluded.currency, status = 'completed',
      updated_at = payment_now()
    WHERE tasks.status IN ('created', 'assigned', 'in_progress', 'completed')
  `);
}

async function auditReopening(
  tx: Transaction,
  { candidate, deadLetterId }: Contradiction,
  { actor, reason }: OperatorOrder,
  { payment, generation }: { payment: KnownPayment; generation: number },
): Promise<void> {
  const terms = (of: Candidate | KnownPayment) => ({
    workerId: of.workerId,
    amount: formatMicros(of.amount),
    currency: of.currency,
    idempotencyKey: of.idempotencyKey,
  });
  const details = {
    reason,
    deadLetterId,
    before: { state: payment.state, generation: payment.generation, ...terms(payment) },
    after: { state: "planned", generation, ...terms(candidate) },
  };
  await tx.query(sql.prepared("acceptance-audit-reopening", anyRow)`
    INSERT INTO audit_log (actor, action, payment_id, generation, details)
    VALUES (${actor}, 'payment.reopened', ${payment.paymentId}::uuid, ${generation}, ${JSON.stringify(details)}::jsonb)
  `);
}
