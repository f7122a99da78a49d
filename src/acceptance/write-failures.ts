import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import { oweMessages } from "../database/webhook-messages.ts";
import { eventIdOf } from "../payment/ids.ts";
import type { Micros } from "../payment/money.ts";
import type { Failure } from "../payment/state.ts";
import type { AcceptanceDeps } from "./acceptance-deps.ts";
import { lostRace } from "./lost-race.ts";

/** A payment that has just been failed without anything ever having been sent. */
export interface FailedPayment {
  readonly paymentId: string;
  readonly generation: number;
  readonly sourceEventId: string;
  readonly platformId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly amount: Micros;
  readonly currency: string;
  readonly failure: Failure;
  readonly attempts: number;
  readonly traceparent: string | null;
}

/** Settlement writes the same; Avro has no registered media type, and this is the one that registries use. */
const CONTENT_TYPE = "application/vnd.apache.avro.binary";

const idRow = z.object({ payment_id: z.string() });
const OUTCOME_TYPES = ["uuid", "int4", "text", "uuid"];
const OUTBOX_TYPES = ["uuid", "text", "bytea", "bytea", "jsonb", "uuid", "int4"];
const AUDIT_TYPES = ["uuid", "int4", "jsonb"];

type FailureDeps = Pick<AcceptanceDeps, "settings" | "encodePaymentFailed" | "tracing">;

/** Decides them, stores their events for the relay and writes them into the audit log, with the payments' own commit. */
export async function writeFailures(
  tx: Transaction,
  deps: FailureDeps,
  now: Date,
  failed: readonly FailedPayment[],
): Promise<void> {
  if (failed.length === 0) return;
  const at = now.toISOString();
  const outcomes = failed.map(({ paymentId, generation, failure }) => [
    paymentId,
    generation,
    failure.code,
    eventIdOf(paymentId, generation, "failed"),
  ]);
  const decided = await tx.any(sql.prepared("acceptance-insert-outcomes", idRow)`
    INSERT INTO payment_outcomes (payment_id, generation, kind, code, event_id, decided_at)
    SELECT d.payment_id, d.generation, 'failed', d.code, d.event_id, ${at}::timestamptz
    FROM ${sql.unnest(outcomes, OUTCOME_TYPES)} AS d (payment_id, generation, code, event_id)
    ON CONFLICT DO NOTHING
    RETURNING payment_id
  `);
  if (decided.length !== failed.length) throw lostRace("an outcome");
  const events = failed.map((payment) => outboxTuple(deps, now, payment));
  await tx.query(sql.prepared("acceptance-insert-failed-events", anyRow)`
    WITH written AS (
      INSERT INTO outbox (event_id, topic, key, payload, headers, payment_id, generation)
      SELECT d.* FROM ${sql.unnest(events, OUTBOX_TYPES)} AS d
      RETURNING event_id, payment_id, 'failed' AS kind, payload
    )
    ${oweMessages}
  `);
  const entries = failed.map(({ paymentId, generation, failure, sourceEventId }) => [
    paymentId,
    generation,
    JSON.stringify({ code: failure.code, message: failure.message, sourceEventId }),
  ]);
  await tx.query(sql.prepared("acceptance-audit-failures", anyRow)`
    INSERT INTO audit_log (at, actor, action, payment_id, generation, details)
    SELECT ${at}::timestamptz, 'system', 'payment.failed', d.* FROM ${sql.unnest(entries, AUDIT_TYPES)} AS d
  `);
}

function outboxTuple(
  { settings, encodePaymentFailed, tracing }: FailureDeps,
  now: Date,
  { failure, ...failed }: FailedPayment,
) {
  const { traceparent: stored, ...payment } = failed;
  const traceparent = tracing.onward({ ...payment, traceparent: stored });
  const eventId = eventIdOf(payment.paymentId, payment.generation, "failed");
  const headers = {
    "event-id": eventId,
    ...(traceparent !== null && { traceparent }),
    "content-type": CONTENT_TYPE,
  };
  const payload = encodePaymentFailed({
    ...payment,
    ...failure,
    eventId,
    occurredAt: now,
    voidTxHash: null,
  });
  return [
    eventId,
    settings.topics.paymentFailed,
    Buffer.from(payment.workerId),
    payload,
    JSON.stringify(headers),
    payment.paymentId,
    payment.generation,
  ];
}
