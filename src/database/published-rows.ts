import { sql } from "slonik";
import { z } from "zod";
import { isCurrency } from "../payment/currency.ts";
import { ORIGINS } from "../payment/origin.ts";
import type { EndedPayment, Published, PublishedOutcome } from "../payment/published.ts";
import { FAILURE_CODES } from "../payment/state.ts";
import { stampColumns, stampRow } from "./stamp-rows.ts";

const record = {
  paymentId: z.string().nullable(),
  generation: z.number().nullable(),
  /** Null: it ended no payment, or an older service wrote it. */
  kind: z.enum(["completed", "failed"]).nullable(),
  /** Null as well where a newer version wrote one that this one does not know. */
  code: z.enum(FAILURE_CODES).nullable().catch(null),
  publishedAt: z.date(),
};
const payment = z.object({
  platformId: z.string(),
  taskId: z.string(),
  workerId: z.string(),
  origin: z.enum(ORIGINS),
  rail: z.enum(["circle", "arc"]).nullable(),
  txHash: z.string().nullable(),
  traceparent: z.string().nullable(),
  tries: z.number(),
  currency: z.string(),
  net: z.number().nullable(),
  fee: z.number().nullable(),
  ...stampRow.shape,
});
const row = z.discriminatedUnion("isCurrent", [
  z.object({ ...record, isCurrent: z.literal(true), ...payment.shape }),
  z.object({ ...record, isCurrent: z.literal(false) }),
]);

/** A row that `publishedFrom` reads; null where the record ended no payment. */
export const publishedRow = row.transform((found): PublishedOutcome | null => {
  const { paymentId, generation, kind, code, publishedAt } = found;
  if (paymentId === null || generation === null || kind === null) return null;
  const ended = found.isCurrent ? endedOf(found, { kind, publishedAt }) : null;
  return { paymentId, generation, kind, code, payment: ended };
});

/**
 * What the outbox's rows `m`, just marked, were about. A payment whose later generation has begun since has other stamps by
 * now, and is not shown.
 */
export const publishedFrom = sql.fragment`
  SELECT m.payment_id AS "paymentId", m.generation, o.kind, o.code, m.published_at AS "publishedAt",
    p.id IS NOT NULL AS "isCurrent", p.platform_id AS "platformId", p.task_id AS "taskId", p.worker_id AS "workerId",
    p.origin, p.rail, p.tx_hash AS "txHash", p.traceparent, p.tries, p.currency, p.net_amount::float8 AS net,
    p.fee::float8 AS fee, ${stampColumns}
  FROM marked m
  LEFT JOIN payment_outcomes o ON o.event_id = m.event_id
  LEFT JOIN payments p ON p.id = m.payment_id AND p.generation = m.generation`;

export function publishedOf(rows: readonly (PublishedOutcome | null)[]): Published {
  return { records: rows.length, outcomes: rows.filter((outcome) => outcome !== null) };
}

function endedOf(
  found: z.infer<typeof payment>,
  { kind, publishedAt }: { kind: "completed" | "failed"; publishedAt: Date },
): EndedPayment {
  const { platformId, taskId, workerId, origin, rail, txHash, traceparent, tries } = found;
  const { currency, net, fee, ...stamps } = found;
  const isPaid = kind === "completed" && isCurrency(currency) && net !== null && fee !== null;
  return {
    platformId,
    taskId,
    workerId,
    origin,
    rail,
    txHash,
    traceparent,
    tries,
    paid: isPaid ? { currency, net, fee } : null,
    stamps: { ...stamps, publishedAt },
  };
}
