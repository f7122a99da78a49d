import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { stampColumns, stampRow } from "../database/stamp-rows.ts";
import { readTraceparent } from "../payment/traceparent.ts";
import { timelineOf, type TimelineStage } from "./timeline.ts";
import { paymentColumns, paymentRow, type PaymentView } from "./payment-view.ts";

const attempt = z.object({
  n: z.number(),
  kind: z.enum(["pay", "void"]),
  outcome: z.string(),
  errorCode: z.string().nullable(),
  detail: z.string().nullable(),
  txHash: z.string().nullable(),
  at: z.date().transform((date) => date.toISOString()),
});

const stamps = stampRow.extend({
  publishedAt: z.date().nullable(),
  traceparent: z.string().nullable(),
});

export interface PaymentDetail extends PaymentView {
  /** Every send that carried it, over all generations, oldest first. */
  readonly attempts: readonly z.infer<typeof attempt>[];
  readonly timeline: readonly TimelineStage[];
  /** Its producer's trace, or its own; null where it has none. */
  readonly traceId: string | null;
}

/** GigStream's getPaymentTransaction: one payment with its attempts; null if there is none. */
export async function getPayment(
  db: CommonQueryMethods,
  id: string,
  explorerUrl: string | null = null,
): Promise<PaymentDetail | null> {
  const payment = await db.maybeOne(sql.type(paymentRow(explorerUrl))`
    SELECT ${paymentColumns} FROM payments p WHERE p.id = ${id}::uuid
  `);
  if (!payment) return null;
  const attempts = await db.any(sql.type(attempt)`
    SELECT row_number() OVER (ORDER BY t.created_at, t.id)::int AS n, t.kind,
      coalesce(i.outcome, 'open') AS outcome, t.error_code AS "errorCode", t.error_detail AS detail,
      coalesce(t.tx_hash, t.hashes[cardinality(t.hashes)]) AS "txHash", t.created_at AS at
    FROM transaction_items i JOIN transactions t ON t.id = i.transaction_id
    WHERE i.payment_id = ${id}::uuid
    ORDER BY n
  `);
  // The outbox is found by time: it has no index by payment, and a settling commit takes seconds at most.
  const passed = await db.one(sql.type(stamps)`
    SELECT ${stampColumns}, p.traceparent, (
        SELECT max(o.published_at) FROM outbox o
        WHERE o.created_at BETWEEN p.settled_at AND p.settled_at + interval '1 minute'
          AND o.payment_id = p.id AND o.generation = p.generation
      ) AS "publishedAt"
    FROM payments p WHERE p.id = ${id}::uuid
  `);
  const traceId = readTraceparent(passed.traceparent)?.traceId ?? null;
  return { ...payment, attempts, timeline: timelineOf(passed), traceId };
}
