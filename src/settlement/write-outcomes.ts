import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { oweMessages } from "../database/webhook-messages.ts";
import type { PaymentCompleted, PaymentFailed } from "../payment/events.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { Draft } from "./draft.ts";
import type { Instance } from "./load-ledger.ts";
import { completedEvent, failedEvent } from "./outcome-events.ts";
import { changedMeanwhile } from "./write-payments.ts";

export interface OutcomeDeps {
  readonly instance: Instance;
  readonly topics: { readonly completed: string; readonly failed: string };
  /** Framed bytes, made before the commit: a registry that is away cannot hold the relay up. */
  readonly encoder: {
    encodePaymentCompleted(event: PaymentCompleted): Buffer;
    encodePaymentFailed(event: PaymentFailed): Buffer;
  };
  readonly tracing: Pick<Tracing, "onward" | "batch">;
}

/** Avro has no registered media type of its own; this is the one that the registries use. */
const CONTENT_TYPE = "application/vnd.apache.avro.binary";

const idRow = z.object({ payment_id: z.string() });

interface OutboxRow {
  readonly draft: Draft;
  readonly eventId: string;
  readonly kind: "completed" | "failed";
  readonly topic: string;
  readonly payload: Buffer;
}

/** Stores the terminal events of payments, in this order, and that they are decided; the relay publishes them, and webhooks tell of them. */
export async function writeOutcomes(
  tx: Transaction,
  deps: OutcomeDeps,
  drafts: readonly Draft[],
): Promise<void> {
  if (drafts.length === 0) return;
  const rows = drafts.map((draft) => outboxRowOf(deps, draft));
  const column = (type: string, of: (row: OutboxRow) => string | number | Buffer | null) =>
    sql.array(rows.map(of), type);
  const decided = await tx.any(sql.prepared("settle-write-outcomes", idRow)`
    WITH told AS (
      SELECT * FROM unnest(
        ${column("uuid", ({ draft }) => draft.id)}, ${column("int4", ({ draft }) => draft.generation)},
        ${column("text", ({ kind }) => kind)}, ${column("text", ({ draft }) => draft.failure?.code ?? null)},
        ${column("uuid", ({ eventId }) => eventId)}, ${column("text", ({ topic }) => topic)},
        ${column("text", ({ draft }) => draft.workerId)}, ${column("bytea", ({ payload }) => payload)},
        ${column("text", (row) => headersOf(deps, row))}
      ) WITH ORDINALITY AS t (payment_id, generation, kind, code, event_id, topic, key, payload, headers, place)
    ), decided AS (
      INSERT INTO payment_outcomes (payment_id, generation, kind, code, event_id)
      SELECT payment_id, generation, kind, code, event_id FROM told
      ON CONFLICT DO NOTHING
      RETURNING payment_id, event_id, kind
    ), stored AS (
      INSERT INTO outbox (event_id, topic, key, payload, headers, payment_id, generation)
      SELECT event_id, topic, convert_to(key, 'UTF8'), payload, headers::jsonb, payment_id, generation
      FROM told ORDER BY place
      RETURNING event_id, payload
    ), written AS (
      SELECT event_id, payment_id, kind, payload FROM stored JOIN decided USING (event_id)
    ), owed AS (
      ${oweMessages}
    )
    SELECT payment_id FROM decided
  `);
  if (decided.length !== rows.length) throw changedMeanwhile("outcomes");
}

function outboxRowOf({ instance, topics, encoder }: OutcomeDeps, draft: Draft): OutboxRow {
  if (draft.state === "completed") {
    const event = completedEvent(draft, instance);
    const payload = encoder.encodePaymentCompleted(event);
    return { draft, eventId: event.eventId, kind: "completed", topic: topics.completed, payload };
  }
  const event = failedEvent(draft);
  const payload = encoder.encodePaymentFailed(event);
  return { draft, eventId: event.eventId, kind: "failed", topic: topics.failed, payload };
}

function headersOf({ tracing }: OutcomeDeps, { draft, eventId }: OutboxRow): string {
  const traceparent = tracing.onward({ ...draft, paymentId: draft.id });
  return JSON.stringify({
    "event-id": eventId,
    ...(traceparent !== null && { traceparent }),
    "content-type": CONTENT_TYPE,
  });
}
