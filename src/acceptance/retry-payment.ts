import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { failpoint } from "../failpoint.ts";
import { isBeforeRestore } from "../payment/before-restore.ts";
import type { Failure, PaymentState } from "../payment/state.ts";
import type { AcceptanceDeps, AfterCommit } from "./acceptance-deps.ts";
import { nextGeneration } from "./next-generation.ts";
import { planPayment, type Plan } from "./plan-payment.ts";
import { readFacts } from "./read-facts.ts";
import { refuseWhileRestoring } from "./refuse-while-restoring.ts";
import { writePlatformDays } from "./platform-days.ts";
import { readRecent, startTally, type Recent } from "./recent-payments.ts";
import { updatePlans } from "./update-plans.ts";
import { waitingColumns, waitingRow, type WaitingPayment } from "./waiting-payment.ts";

export interface RetryRequest {
  readonly paymentId: string;
  /** The generation that the caller saw fail: a retry clicked twice opens one generation. */
  readonly expectedGeneration: number;
  /** "operator:<name>" or the API key's name; for the audit log. */
  readonly actor: string;
  readonly reason: string;
}

export type RetryResult =
  | { readonly kind: "planned"; readonly generation: number }
  | { readonly kind: "not_found" }
  | { readonly kind: "not_failed"; readonly state: PaymentState; readonly generation: number }
  | { readonly kind: "generation_mismatch"; readonly generation: number }
  /** It would fail again; nothing was changed. */
  | { readonly kind: "refused"; readonly failure: Failure }
  /** The chain says that it was paid: it is settled by that, or goes to review. */
  | { readonly kind: "paid_on_chain" }
  /** A plain transfer from before a restore: a later generation may have been paid by the life that was forgotten. */
  | { readonly kind: "before_restore"; readonly generation: number };

const NO_PLATFORM: Failure = {
  code: "task_not_found",
  message: "The payment's platform is gone; create it again, then retry.",
  retryable: true,
};

/**
 * Opens the next generation of a failed payment under the same id, with eligibility and terms looked at anew. The only
 * way on from `failed`: a repeated event never is one. Whatever was sent before, PayOnce pays the id at most once. Throws
 * OPERATION_REFUSED while a restored backup is not confirmed, and DATABASE_*.
 */
export async function retryPayment(
  deps: AcceptanceDeps,
  request: RetryRequest,
): Promise<RetryResult> {
  const { result, afterCommit } = await transact(deps.pool, (tx) => retryWithin(tx, deps, request));
  await failpoint("retry.committed");
  afterCommit();
  if (result.kind === "planned") {
    deps.metrics.accepted.add({ origin: "retry" });
    deps.announce("dispatch");
  }
  return result;
}

async function retryWithin(
  tx: Transaction,
  deps: AcceptanceDeps,
  request: RetryRequest,
): Promise<{ result: RetryResult; afterCommit: AfterCommit }> {
  const nothing = () => undefined;
  const payment = await tx.maybeOne(sql.prepared("acceptance-retry-lock", waitingRow)`
    SELECT ${waitingColumns} FROM payments WHERE id = ${request.paymentId}::uuid FOR UPDATE
  `);
  if (!payment) return { result: { kind: "not_found" }, afterCommit: nothing };
  const { generation, state } = payment;
  if (generation !== request.expectedGeneration) {
    return { result: { kind: "generation_mismatch", generation }, afterCommit: nothing };
  }
  if (state !== "failed") {
    return { result: { kind: "not_failed", state, generation }, afterCommit: nothing };
  }
  const { now, recent, plan } = await planRetry(tx, deps, payment);
  if ("adopt" in plan && plan.adopt) {
    return {
      result: { kind: "paid_on_chain" },
      afterCommit: await deps.adopt(tx, [payment.paymentId]),
    };
  }
  if (plan.state === "review") {
    return { result: { kind: "before_restore", generation }, afterCommit: nothing };
  }
  if (plan.state !== "planned") {
    return { result: { kind: "refused", failure: failureOf(plan) }, afterCommit: nothing };
  }
  const next = await nextGeneration(tx, payment);
  const from = { state, generation } as const;
  const update = { paymentId: payment.paymentId, from, generation: next, tries: 0, plan };
  await updatePlans(tx, deps.settings, now, [{ ...update, origin: "retry" }]);
  const { risk } = deps.settings;
  await writePlatformDays(tx, risk, recent.platforms, { now, planned: [payment] });
  await auditRetry(tx, request, payment, next);
  await failpoint("retry.before_commit");
  return { result: { kind: "planned", generation: next }, afterCommit: nothing };
}

async function planRetry(
  tx: Transaction,
  { settings }: AcceptanceDeps,
  payment: WaitingPayment,
): Promise<{ now: Date; recent: Recent; plan: Plan }> {
  const directory = await readFacts(tx, settings, [payment]);
  refuseWhileRestoring(directory);
  const { now, of } = directory;
  const recent = await readRecent(tx, settings.risk, [payment], [payment.paymentId]);
  const [facts] = of;
  const platform = facts?.platform;
  if (!facts || !platform) {
    return { now, recent, plan: { state: "failed", failure: NO_PLATFORM } };
  }
  const tally = startTally(settings.risk, recent, now);
  // A refusal changes nothing here, so whether the failure would need a void is no question.
  const planningFacts = {
    ...facts,
    platform,
    recent: tally.of(payment),
    isRestoring: false,
    // A failure that was announced is what it is retried from.
    isAnnounced: facts.announced === "completed",
    // PayOnce pays the id once over all generations; Circle's keys are of one generation each.
    beforeRestore:
      settings.method === "transfer" &&
      isBeforeRestore([payment.occurredAt, payment.acceptedAt], directory),
  };
  // No waiting either: the caller sees what is missing and retries once it is there.
  return {
    now,
    recent,
    plan: planPayment(payment, planningFacts, settings, settings.retryDelaysMs.length),
  };
}

function failureOf(plan: Plan): Failure {
  return "failure" in plan ? plan.failure : NO_PLATFORM;
}

async function auditRetry(
  tx: Transaction,
  { actor, reason }: RetryRequest,
  { paymentId, state, generation }: WaitingPayment,
  next: number,
): Promise<void> {
  const details = {
    reason,
    before: { state, generation },
    after: { state: "planned", generation: next },
  };
  await tx.query(sql.prepared("acceptance-audit-retry", anyRow)`
    INSERT INTO audit_log (actor, action, payment_id, generation, details)
    VALUES (${actor}, 'payment.retried', ${paymentId}::uuid, ${next}, ${JSON.stringify(details)}::jsonb)
  `);
}
