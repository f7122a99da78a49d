import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";

const contradictionRow = z.object({
  paymentId: z.string(),
  generation: z.number(),
  announced: z.string(),
  decided: z.string(),
});
/** Our topic has the other event of a generation than this database decided. */
export type Contradiction = z.infer<typeof contradictionRow>;

/**
 * Brings payments to what our own topics had already announced of them: their events count as decided and are not made
 * again, and what was announced as failed is failed, by the Voided of then, or because nothing had ever been sent. What
 * was announced as completed is completed by its evidence on chain. SQL only, for the transaction that has just written
 * the payments or the announcements; safe to repeat. Answers what cannot be brought together.
 */
export async function adoptAnnounced(
  tx: Transaction,
  paymentIds: readonly string[],
): Promise<readonly Contradiction[]> {
  const ids = sql.array([...new Set(paymentIds)], "uuid");
  await tx.query(sql.prepared("restore-lock-payments", anyRow)`
    SELECT id FROM payments WHERE id = ANY(${ids}) ORDER BY id FOR UPDATE
  `);
  await tx.query(sql.prepared("restore-adopt-outcomes", anyRow)`
    WITH adopted AS (
      INSERT INTO payment_outcomes (payment_id, generation, kind, code, event_id)
      SELECT a.payment_id, a.generation, a.kind, a.code, a.event_id
      FROM announced_outcomes a JOIN payments p ON p.id = a.payment_id
      WHERE a.payment_id = ANY(${ids})
      ON CONFLICT DO NOTHING
      RETURNING payment_id, generation, kind, event_id
    )
    INSERT INTO audit_log (actor, action, payment_id, generation, details)
    SELECT 'system', 'payment.outcome_adopted', payment_id, generation,
      jsonb_build_object('kind', kind, 'eventId', event_id)
    FROM adopted
  `);
  await failAsAnnounced(tx, ids);
  return tx.any(sql.prepared("restore-contradictions", contradictionRow)`
    SELECT a.payment_id AS "paymentId", a.generation, a.kind AS announced, o.kind AS decided
    FROM announced_outcomes a JOIN payment_outcomes o ON o.payment_id = a.payment_id AND o.generation = a.generation
    WHERE a.payment_id = ANY(${ids}) AND a.kind <> o.kind
  `);
}

/**
 * Only where the failure of then still proves what it says: a send that this database remembers of that very generation
 * asks for a Voided, and a Paid is the chain's to judge.
 */
async function failAsAnnounced(tx: Transaction, ids: ReturnType<typeof sql.array>): Promise<void> {
  await tx.query(sql.prepared("restore-fail-as-announced", anyRow)`
    WITH last AS (
      SELECT DISTINCT ON (payment_id) payment_id, generation, kind, event_id, code, message, retryable, tx_hash
      FROM announced_outcomes WHERE payment_id = ANY(${ids}) ORDER BY payment_id, generation DESC
    )
    UPDATE payments p SET
      state = 'failed', generation = l.generation, intent = NULL, transaction_id = NULL, batch_cap = NULL,
      next_attempt_at = NULL, review_at = NULL, doubt_reason = NULL, doubt_since = NULL,
      first_sent_at = CASE WHEN l.generation = p.generation THEN p.first_sent_at END,
      failure_code = l.code, failure_message = l.message, failure_retryable = l.retryable, void_tx_hash = l.tx_hash,
      last_checked_at = payment_now(), settled_at = payment_now()
    FROM last l
    WHERE p.id = l.payment_id AND l.kind = 'failed'
      AND EXISTS (SELECT FROM payment_outcomes o WHERE o.event_id = l.event_id)
      AND CASE WHEN p.state IN ('accepted', 'planned', 'voiding', 'review') THEN l.generation >= p.generation
        ELSE p.state = 'failed' AND l.generation > p.generation END
      AND (l.tx_hash IS NOT NULL OR p.first_sent_at IS NULL OR l.generation > p.generation)
      AND NOT EXISTS (SELECT FROM chain_events e WHERE e.payment_id = p.id AND e.kind = 'paid')
  `);
}

const idRow = z.object({ payment_id: z.string() });

/** Payments whose announcements were stored in the same moment as they, and seen by neither commit; some at a time. */
export async function findUnadopted(tx: Transaction): Promise<readonly string[]> {
  const rows = await tx.any(sql.prepared("restore-unadopted", idRow)`
    SELECT DISTINCT a.payment_id FROM announced_outcomes a JOIN payments p ON p.id = a.payment_id
    WHERE NOT EXISTS (
      SELECT FROM payment_outcomes o WHERE o.payment_id = a.payment_id AND o.generation = a.generation)
    LIMIT 500
  `);
  return rows.map(({ payment_id: id }) => id);
}
