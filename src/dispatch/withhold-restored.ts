import { sql } from "slonik";
import { z } from "zod";
import type { DoubtDeps } from "./raise-doubt.ts";

/** Per sweep, so that a large backlog is never locked at once. */
const SWEEP_MAX = 500;

const idRow = z.object({ id: z.string() });

/**
 * Puts plain transfers that were known before a restore into review: the database that was lost may have sent them, under
 * keys that Circle may have forgotten. One whose transfer is on its way keeps it, and is looked for. Answers how many.
 */
export async function withholdRestored({ database, log, metrics }: DoubtDeps): Promise<number> {
  const withheld = await database.any(sql.type(idRow)`
    WITH known AS (
      SELECT id, generation, state FROM payments
      WHERE method = 'transfer' AND state = 'planned'
        AND least(accepted_at, occurred_at) < (SELECT restored_at FROM deployment)
      ORDER BY id LIMIT ${SWEEP_MAX}
      FOR UPDATE SKIP LOCKED
    ), withheld AS (
      UPDATE payments p
      SET state = 'review', intent = CASE WHEN p.transaction_id IS NOT NULL THEN p.intent END, review_at = NULL,
          next_attempt_at = NULL, doubt_reason = 'before_restore', doubt_since = payment_now()
      FROM known k
      WHERE p.id = k.id AND p.generation = k.generation AND p.state = k.state
      RETURNING p.id, p.generation
    ), entry AS (
      INSERT INTO audit_log (actor, action, payment_id, generation, details)
      SELECT 'system', 'payment.review', id, generation, jsonb_build_object('reason', 'before_restore') FROM withheld
    )
    SELECT id FROM withheld`);
  metrics.reviews.add({}, withheld.length);
  if (withheld.length > 0) {
    log.warn({ count: withheld.length }, "transfers from before a restore wait for a person");
  }
  return withheld.length;
}
