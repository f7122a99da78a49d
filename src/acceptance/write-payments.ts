import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { formatMicros } from "../payment/money.ts";
import type { Submission } from "../payment/submission.ts";
import type { AcceptanceSettings } from "./acceptance-deps.ts";
import type { Candidate } from "./check-submission.ts";
import { lostRace } from "./lost-race.ts";
import type { Plan } from "./plan-payment.ts";

export interface PaymentRow {
  readonly candidate: Candidate;
  readonly plan: Plan;
  readonly bulkId: string | null;
  readonly traceparent: string | null;
  readonly origin: Submission["origin"];
  readonly receivedAtMs: number;
}

const idRow = z.object({ id: z.string() });

const COLUMN_TYPES = [
  ["uuid", "text", "text", "text", "numeric", "text", "text", "text", "uuid"],
  ["text", "text", "text", "text", "text", "numeric", "numeric"],
  ["int4", "text", "text", "bool", "text", "timestamptz", "text", "float8", "text"],
].flat();

/**
 * A replay's clock is set going by the order to replay. Inserts them all or throws `lostRace`: another instance had one of these tasks or keys in the same moment.
 */
export async function insertPayments(
  tx: Transaction,
  settings: AcceptanceSettings,
  now: Date,
  rows: readonly PaymentRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const { rail, method, chainId, payOnce } = settings;
  const at = now.toISOString();
  // Sorted, so that two instances with the same tasks wait for one another and never both.
  const sorted = rows.toSorted((a, b) => (a.candidate.paymentId < b.candidate.paymentId ? -1 : 1));
  const written = await tx.any(sql.prepared("acceptance-insert-payments", idRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id,
      bulk_id, state, intent, rail, method, chain_id, pay_once, payer, token, recipient, net_amount, fee,
      next_attempt_at, failure_code, failure_message, failure_retryable, traceparent, occurred_at, origin, received_at,
      started_at, accepted_at, planned_at, void_wanted_at, settled_at, doubt_reason, doubt_since)
    SELECT d.id, d.platform_id, d.task_id, d.worker_id, d.amount, d.currency, d.idempotency_key, d.source_event_id,
      d.bulk_id, d.state, d.intent,
      CASE WHEN d.intent IS NOT NULL THEN ${rail} END, CASE WHEN d.intent IS NOT NULL THEN ${method} END,
      CASE WHEN d.intent IS NOT NULL THEN ${chainId}::bigint END, CASE WHEN d.intent IS NOT NULL THEN ${payOnce} END,
      d.payer, d.token, d.recipient, d.net_amount, d.fee,
      ${at}::timestamptz + d.wait_ms * interval '1 millisecond',
      d.failure_code, d.failure_message, d.failure_retryable, d.traceparent, d.occurred_at, d.origin,
      payment_now() - d.held, CASE WHEN d.origin = 'replay' THEN payment_now() - d.held END,
      ${at}::timestamptz, CASE WHEN d.intent IS NOT NULL THEN ${at}::timestamptz END,
      CASE WHEN d.intent = 'void' THEN ${at}::timestamptz END,
      CASE WHEN d.state = 'failed' THEN ${at}::timestamptz END,
      d.doubt_reason, CASE WHEN d.doubt_reason IS NOT NULL THEN ${at}::timestamptz END
    FROM (
      SELECT *, held_ms * interval '1 millisecond' AS held
      FROM ${sql.unnest(sorted.map(tupleOf), COLUMN_TYPES)} AS t (id, platform_id, task_id, worker_id, amount, currency,
        idempotency_key, source_event_id, bulk_id, state, intent, payer, token, recipient, net_amount, fee, wait_ms,
        failure_code, failure_message, failure_retryable, traceparent, occurred_at, origin, held_ms, doubt_reason)
    ) AS d
    ON CONFLICT DO NOTHING
    RETURNING id
  `);
  if (written.length !== rows.length) throw lostRace("a payment");
}

function tupleOf({ candidate, plan, bulkId, traceparent, origin, receivedAtMs }: PaymentRow) {
  const terms = "terms" in plan ? plan.terms : null;
  const failure = "failure" in plan ? plan.failure : null;
  return [
    candidate.paymentId,
    candidate.platformId,
    candidate.taskId,
    candidate.workerId,
    formatMicros(candidate.amount),
    candidate.currency,
    candidate.idempotencyKey,
    candidate.eventId,
    bulkId,
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
    traceparent,
    candidate.occurredAt.toISOString(),
    origin,
    performance.now() - receivedAtMs,
    plan.state === "review" ? plan.doubtReason : null,
  ];
}

/** What dispatch is to send for it. */
export function intentOf(plan: Plan): "pay" | "void" | null {
  switch (plan.state) {
    case "planned":
      return "pay";
    case "voiding":
      return "void";
    case "accepted":
    case "review":
    case "failed":
      return null;
  }
}
