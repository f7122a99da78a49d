import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { formatMicros } from "../payment/money.ts";
import type { Origin } from "../payment/origin.ts";
import type { AcceptanceSettings } from "./acceptance-deps.ts";
import { lostRace } from "./lost-race.ts";
import type { Plan } from "./plan-payment.ts";
import { intentOf } from "./write-payments.ts";

/** A payment that nothing is being sent for, and what it becomes. */
export interface PlanUpdate {
  readonly paymentId: string;
  readonly from: { readonly state: "accepted" | "failed"; readonly generation: number };
  readonly generation: number;
  readonly tries: number;
  /** Null keeps it. */
  readonly origin: Exclude<Origin, "live"> | null;
  readonly plan: Plan;
}

const idRow = z.object({ id: z.string() });
const COLUMN_TYPES = [
  ["uuid", "text", "int4", "int4", "int4", "text", "text", "text"],
  ["text", "text", "text", "numeric", "numeric", "int4", "text", "text", "bool", "text"],
].flat();

/**
 * Gives payments their plan, each only from the state and generation it was read in. Chain and instance stay what they
 * were when a payment was first planned; everything about an earlier generation's sends is cleared, and a new generation's
 * clock is set going. The rail is this deployment's: nobody else would send it, and PayOnce pays once over all rails.
 */
export async function updatePlans(
  tx: Transaction,
  settings: AcceptanceSettings,
  now: Date,
  updates: readonly PlanUpdate[],
): Promise<void> {
  if (updates.length === 0) return;
  const { rail, method, chainId, payOnce } = settings;
  const at = now.toISOString();
  const written = await tx.any(sql.prepared("acceptance-update-plans", idRow)`
    UPDATE payments p SET
      state = d.state, intent = d.intent, generation = d.generation, tries = d.tries,
      origin = coalesce(d.origin, p.origin),
      rail = CASE WHEN d.intent IS NOT NULL THEN ${rail} ELSE p.rail END,
      method = CASE WHEN d.intent IS NOT NULL THEN coalesce(p.method, ${method}) ELSE p.method END,
      chain_id = CASE WHEN d.intent IS NOT NULL THEN coalesce(p.chain_id, ${chainId}::bigint) ELSE p.chain_id END,
      pay_once = CASE WHEN d.intent IS NOT NULL THEN coalesce(p.pay_once, ${payOnce}) ELSE p.pay_once END,
      payer = d.payer, token = d.token, recipient = d.recipient, net_amount = d.net_amount, fee = d.fee,
      next_attempt_at = ${at}::timestamptz + d.wait_ms * interval '1 millisecond',
      transaction_id = NULL, batch_cap = NULL, first_sent_at = NULL, review_at = NULL, doubt_reason = d.doubt_reason,
      doubt_since = CASE WHEN d.doubt_reason IS NOT NULL THEN ${at}::timestamptz END, last_checked_at = ${at}::timestamptz,
      failure_code = d.failure_code, failure_message = d.failure_message, failure_retryable = d.failure_retryable,
      operator = NULL, tx_hash = NULL, block_number = NULL, log_index = NULL, circle_transaction_id = NULL,
      void_tx_hash = NULL,
      started_at = CASE WHEN d.generation > p.generation THEN ${at}::timestamptz ELSE p.started_at END,
      planned_at = CASE WHEN d.intent IS NOT NULL THEN ${at}::timestamptz END,
      void_wanted_at = CASE WHEN d.intent = 'void' THEN ${at}::timestamptz END,
      sent_at = NULL, submitted_at = NULL, followed_at = NULL, logs_read_at = NULL,
      settled_at = CASE WHEN d.state = 'failed' THEN ${at}::timestamptz END
    FROM ${sql.unnest(updates.map(tupleOf), COLUMN_TYPES)} AS d (id, from_state, from_generation, generation, tries,
      origin, state, intent, payer, token, recipient, net_amount, fee, wait_ms, failure_code, failure_message,
      failure_retryable, doubt_reason)
    WHERE p.id = d.id AND p.state = d.from_state AND p.generation = d.from_generation
    RETURNING p.id
  `);
  if (written.length !== updates.length) throw lostRace("a payment");
}

function tupleOf({ paymentId, from, generation, tries, origin, plan }: PlanUpdate) {
  const terms = "terms" in plan ? plan.terms : null;
  const failure = "failure" in plan ? plan.failure : null;
  return [
    paymentId,
    from.state,
    from.generation,
    generation,
    tries,
    origin,
    plan.state,
    intentOf(plan),
    terms?.payer ?? null,
    terms?.token ?? null,
    terms?.recipient ?? null,
    terms && formatMicros(terms.net),
    terms && formatMicros(terms.fee),
    "waitMs" in plan ? plan.waitMs : null,
    failure?.code ?? null,
    failure?.message ?? null,
    failure?.retryable ?? null,
    plan.state === "review" ? plan.doubtReason : null,
  ];
}
