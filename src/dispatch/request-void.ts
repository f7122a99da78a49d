import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { failpoint } from "../failpoint.ts";
import type { PaymentState } from "../payment/state.ts";
import type { DispatchDeps, Ringing } from "./dispatch-deps.ts";

export interface VoidRequest {
  readonly paymentId: string;
  readonly expectedGeneration: number;
  /** The operator's own words; kept in the audit log and in the failure. */
  readonly reason: string;
  /** "operator:<name>". */
  readonly actor: string;
}

export type VoidAnswer =
  /** A void is, or already was, on its way; the payment fails once the chain has it, unless it was paid first. `isNew`: by this request. */
  | { readonly kind: "voiding"; readonly isNew: boolean }
  | { readonly kind: "not_found" }
  | { readonly kind: "generation_mismatch"; readonly generation: number }
  /** A plain transfer cannot be closed on chain: it may have been sent, and only Circle's answer ends it. */
  | { readonly kind: "refused_by_method" }
  /** Only planned payments and those in review can be cancelled. */
  | { readonly kind: "refused_by_state"; readonly state: PaymentState };

const row = z.object({
  generation: z.number(),
  state: z.enum(["accepted", "planned", "voiding", "review", "completed", "failed"]),
  intent: z.enum(["pay", "void"]).nullable(),
  rail: z.string().nullable(),
  method: z.string().nullable(),
});

/**
 * An operator's cancel. Always by a void on chain, sent or not: then there is one way to fail a planned payment, and it
 * is true whatever an older send still does. The send that carries the payment is left to its fate; the first evidence
 * decides.
 */
export async function requestVoid(
  deps: Pick<DispatchDeps, "database"> &
    Ringing & { readonly metrics: Pick<DispatchDeps["metrics"], "voids"> },
  request: VoidRequest,
): Promise<VoidAnswer> {
  const answer = await transact(deps.database, (tx) => decide(tx, request));
  await failpoint("void.committed");
  if (answer.kind !== "voiding") return answer;
  if (answer.isNew) deps.metrics.voids.add({});
  deps.wake.ring();
  return answer;
}

async function decide(tx: Transaction, request: VoidRequest): Promise<VoidAnswer> {
  const payment = await tx.maybeOne(sql.type(row)`
    SELECT generation, state, intent, rail, method FROM payments WHERE id = ${request.paymentId} FOR UPDATE`);
  if (!payment) return { kind: "not_found" };
  const { generation, state, intent, rail, method } = payment;
  if (generation !== request.expectedGeneration) return { kind: "generation_mismatch", generation };
  if (method === "transfer") return { kind: "refused_by_method" };
  if (intent === "void") return { kind: "voiding", isNew: false };
  if ((state !== "planned" && state !== "review") || rail === null) {
    return { kind: "refused_by_state", state };
  }
  await turnToVoid(tx, request, { state, intent });
  return { kind: "voiding", isNew: true };
}

/** Doubt stays doubt: only what is sent for it changes. */
async function turnToVoid(
  tx: Transaction,
  request: VoidRequest,
  before: { readonly state: "planned" | "review"; readonly intent: "pay" | null },
): Promise<void> {
  const { paymentId, expectedGeneration, reason, actor } = request;
  const { state } = before;
  const after = { state: state === "planned" ? "voiding" : "review", intent: "void" };
  await tx.query(sql.type(anyRow)`
    UPDATE payments
    SET state = ${after.state}, intent = 'void', transaction_id = NULL,
        batch_cap = NULL, next_attempt_at = payment_now(), review_at = NULL, void_wanted_at = payment_now(),
        failure_code = 'cancelled_by_operator',
        failure_message = ${`An operator cancelled this payment: ${reason}`}, failure_retryable = true
    WHERE id = ${paymentId} AND generation = ${expectedGeneration} AND state = ${state}`);
  await tx.query(sql.type(anyRow)`
    INSERT INTO audit_log (actor, action, payment_id, generation, details)
    VALUES (${actor}, 'payment.void_requested', ${paymentId}, ${expectedGeneration},
            ${sql.jsonb({ reason, before, after })})`);
  await failpoint("void.before_commit");
}
