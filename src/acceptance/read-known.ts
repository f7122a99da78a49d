import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { FAILURE_CODES, PAYMENT_STATES } from "../payment/state.ts";
import { parseMicros } from "../payment/money.ts";
import type { Candidate } from "./check-submission.ts";
import type { KnownEvent, KnownPayment } from "./find-repeat.ts";

/** What the database already has of a batch's events, tasks and keys. */
export interface KnownRows {
  readonly events: readonly (KnownEvent & { platformId: string; eventId: string })[];
  readonly payments: readonly KnownPayment[];
}

const traceRow = z.object({
  place: z.bigint(),
  payload_hash: z.string().nullable(),
  event_payment_id: z.string().nullable(),
  task_payment_id: z.string().nullable(),
  key_payment_id: z.string().nullable(),
});

/** The columns of `knownPaymentRow`. */
export const knownPaymentColumns = sql.fragment`
  id, platform_id, task_id, worker_id, amount::text, currency, idempotency_key, generation, state, failure_code,
  failure_message, failure_retryable`;

export const knownPaymentRow = z
  .object({
    id: z.string(),
    platform_id: z.string(),
    task_id: z.string(),
    worker_id: z.string(),
    amount: z.string().transform((text) => parseMicros(text) ?? 0n),
    currency: z.string(),
    idempotency_key: z.string(),
    generation: z.number(),
    state: z.enum(PAYMENT_STATES),
    failure_code: z.enum(FAILURE_CODES).nullable(),
    failure_message: z.string().nullable(),
    failure_retryable: z.boolean().nullable(),
  })
  .transform((row): KnownPayment => {
    const { failure_code: code, failure_message: message, failure_retryable: retryable } = row;
    return {
      paymentId: row.id,
      platformId: row.platform_id,
      taskId: row.task_id,
      workerId: row.worker_id,
      amount: row.amount,
      currency: row.currency,
      idempotencyKey: row.idempotency_key,
      generation: row.generation,
      state: row.state,
      failure:
        code === null || message === null || retryable === null
          ? null
          : { code, message, retryable },
    };
  });

/** One statement where nothing is known, which is nearly always; a second one reads the payments that are. */
export async function readKnown(
  tx: Transaction,
  candidates: readonly Candidate[],
): Promise<KnownRows> {
  if (candidates.length === 0) return { events: [], payments: [] };
  const column = (type: string, of: (candidate: Candidate) => string) =>
    sql.array(candidates.map(of), type);
  const traces = await tx.any(sql.prepared("acceptance-read-known", traceRow)`
    SELECT s.place, encode(x.payload_hash, 'hex') AS payload_hash, x.payment_id AS event_payment_id,
      t.id AS task_payment_id, k.id AS key_payment_id
    FROM unnest(
      ${column("uuid", ({ paymentId }) => paymentId)}, ${column("text", ({ platformId }) => platformId)},
      ${column("text", ({ eventId }) => eventId)}, ${column("text", ({ idempotencyKey }) => idempotencyKey)}
    ) WITH ORDINALITY AS s (payment_id, platform_id, event_id, idempotency_key, place)
    LEFT JOIN inbox x ON x.platform_id = s.platform_id AND x.event_id = s.event_id
    LEFT JOIN payments t ON t.id = s.payment_id
    LEFT JOIN payments k ON k.platform_id = s.platform_id AND k.idempotency_key = s.idempotency_key
    WHERE x.payment_id IS NOT NULL OR t.id IS NOT NULL OR k.id IS NOT NULL
  `);
  if (traces.length === 0) return { events: [], payments: [] };
  const ids = traces.flatMap((row) => [
    row.event_payment_id,
    row.task_payment_id,
    row.key_payment_id,
  ]);
  const payments = await tx.any(sql.prepared("acceptance-read-known-payments", knownPaymentRow)`
    SELECT ${knownPaymentColumns} FROM payments WHERE id = ANY(${sql.array([...new Set(ids.filter((id) => id !== null))], "uuid")})
  `);
  const events = traces.flatMap(
    ({ place, payload_hash: payloadHash, event_payment_id: paymentId }) => {
      const candidate = candidates[Number(place) - 1];
      if (!candidate || payloadHash === null || paymentId === null) return [];
      const { platformId, eventId } = candidate;
      return [{ platformId, eventId, payloadHash, paymentId }];
    },
  );
  return { events, payments };
}
