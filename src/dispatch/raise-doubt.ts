import { sql } from "slonik";
import { z } from "zod";
import { anyRow } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { failpoint } from "../failpoint.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";

export interface DoubtDeps {
  readonly database: DispatchDeps["database"];
  readonly log: DispatchDeps["log"];
  readonly metrics: Pick<DispatchDeps["metrics"], "reviews">;
  readonly settings: Pick<DispatchDeps["settings"], "reviewAfterMs">;
}

export interface DoubtReport {
  /** Payments that came to review now. */
  readonly raised: number;
  /** Payments already in review whose last send stayed unanswered too. */
  readonly again: number;
}

/** Per sweep, so that the end of an outage never locks thousands of rows at once. */
const SWEEP_MAX = 500;

/**
 * How long a payment in doubt waits before it is sent again: as long as its doubt is old, so the waits double, from 2
 * to 60 seconds. (The payment is `p`.) An outage that ends is noticed within a minute; one that lasts is not hammered.
 */
export const doubtBackOff = sql.fragment`
  least(interval '60 seconds', greatest(interval '2 seconds',
    CASE WHEN p.state = 'review' THEN payment_now() - p.doubt_since ELSE interval '0' END))`;

const doubtReason = sql.fragment`
  CASE p.intent
    WHEN 'pay' THEN CASE WHEN p.method = 'transfer'
      THEN 'transfer_unconfirmed: it was sent, and neither Circle nor the chain says in time what became of it; it is looked for until they do.'
      ELSE 'pay_unconfirmed: it was sent, and no block says in time whether it was paid; it is sent again until one does.' END
    ELSE 'void_unconfirmed: its void was sent, and no block says in time that it holds; it is sent again until one does.'
  END`;

const movedRow = z.object({
  id: z.string(),
  transaction_id: z.string(),
  first_time: z.boolean(),
});

/**
 * Puts payments whose evidence is overdue into review, gives up the sends that carried them, and has them sent again
 * later: pay stays pay, void stays void. Nothing is emitted; the evidence settles them whenever it appears. A plain
 * transfer keeps its send, and is only looked for: under another key it might be paid twice.
 * Only a payment that travels can be in doubt: parked, paused and waiting ones do not, and the time they waited is added
 * to their deadline when they travel again (`writeSend`); a send kept back for capacity restarts it. Safe on any instance.
 */
export async function raiseDoubt(deps: DoubtDeps): Promise<DoubtReport> {
  const moved = await transact(deps.database, async (tx) => {
    const rows = await tx.any(sql.type(movedRow)`
      WITH overdue AS (
        SELECT id, generation, state, intent, transaction_id FROM payments
        WHERE review_at <= payment_now() AND transaction_id IS NOT NULL AND state IN ('planned', 'voiding', 'review')
        ORDER BY review_at LIMIT ${SWEEP_MAX}
        FOR UPDATE SKIP LOCKED
      ), moved AS (
        UPDATE payments p
        SET state = 'review', transaction_id = CASE WHEN p.method = 'transfer' THEN p.transaction_id END,
            review_at = NULL, last_checked_at = payment_now(),
            next_attempt_at = CASE WHEN p.method = 'transfer' THEN NULL ELSE payment_now() + ${doubtBackOff} END,
            doubt_since = CASE WHEN p.state = 'review' THEN p.doubt_since ELSE payment_now() END,
            doubt_reason = CASE WHEN p.state = 'review' THEN p.doubt_reason ELSE ${doubtReason} END
        FROM overdue o
        WHERE p.id = o.id AND p.generation = o.generation AND p.state = o.state
        RETURNING p.id, p.generation, p.method, o.transaction_id, o.state <> 'review' AS first_time, p.doubt_reason
      ), item AS (
        UPDATE transaction_items i SET outcome = 'abandoned' FROM moved m
        WHERE i.transaction_id = m.transaction_id AND i.payment_id = m.id AND i.outcome IS NULL
          AND m.method = 'payonce'
      ), entry AS (
        INSERT INTO audit_log (actor, action, payment_id, generation, details)
        SELECT 'system', 'payment.review', id, generation,
               jsonb_build_object('reason', doubt_reason, 'sendId', transaction_id)
        FROM moved WHERE first_time
      )
      SELECT id, transaction_id, first_time FROM moved`);
    const left = [...new Set(rows.map((row) => row.transaction_id))];
    await tx.query(sql.type(anyRow)`
      WITH empty AS (
        SELECT t.id FROM transactions t
        WHERE t.state = 'open' AND t.method = 'payonce'
          AND (t.id = ANY(${sql.array(left, "uuid")})
               OR t.created_at <= payment_now() - ${deps.settings.reviewAfterMs} * interval '1 millisecond')
          AND NOT EXISTS (SELECT FROM payments p WHERE p.transaction_id = t.id)
        FOR UPDATE SKIP LOCKED
      )
      UPDATE transactions t SET state = 'abandoned', closed_at = payment_now() FROM empty WHERE t.id = empty.id`);
    if (rows.length > 0) await failpoint("doubt.before_commit");
    return rows;
  });
  if (moved.length > 0) await failpoint("doubt.committed");
  const raised = moved.filter((row) => row.first_time);
  deps.metrics.reviews.add({}, raised.length);
  if (raised.length > 0) {
    const sample = raised.slice(0, 10).map((row) => row.id);
    deps.log.warn({ count: raised.length, paymentIds: sample }, "payments in doubt");
  }
  return { raised: raised.length, again: moved.length - raised.length };
}
