import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import { failpoint } from "../failpoint.ts";

/** Some milliseconds' work; a backlog of 30,000 is sixty of them. */
export const OUTCOMES_MAX = 500;

const lastRow = z.object({ last: z.bigint() });
const countRow = z.object({ count: z.bigint() });

/**
 * Numbers outcomes that were committed and have no number yet, in one commit; answers how many. The row of the sequence
 * is locked until then: numbers become visible in their order, whoever else numbers, and what was seen up to N stays
 * all there is up to N. Each is told on the terms on which it was decided. Throws DATABASE_*; after doubt (`reconcile`) the same call does what is left.
 */
export async function numberOutcomes(pool: Database): Promise<number> {
  const isDue = await askDatabase(() =>
    pool.exists(sql.prepared("live-is-due", anyRow)`SELECT FROM live_unnumbered`),
  );
  if (!isDue) return 0;
  const numbered = await transact(pool, async (tx) => {
    const { last } = await tx.one(sql.prepared("live-lock-sequence", lastRow)`
      SELECT last FROM live_sequence FOR UPDATE`);
    // A statement of its own: only so does it see what whoever held the lock has taken.
    const { count } = await tx.one(sql.prepared("live-number", countRow)`
      WITH taken AS (
        DELETE FROM live_unnumbered WHERE position = ANY (ARRAY(
          SELECT position FROM live_unnumbered ORDER BY position LIMIT ${OUTCOMES_MAX}))
        RETURNING position, payment_id, generation, kept
      ), numbered AS (
        INSERT INTO live_events (number, event_id, kind, decided_at, payment_id, generation, platform_id, worker_id, task_id,
          amount, currency, fee, net_amount, tx_hash, latency_ms, failure_code, failure_message, failure_retryable)
        SELECT ${last}::bigint + row_number() OVER (ORDER BY t.position), o.event_id, o.kind, o.decided_at, o.payment_id,
          o.generation, p.platform_id, coalesce(a.worker_id, p.worker_id), p.task_id, coalesce(a.amount, p.amount),
          coalesce(a.currency, p.currency),
          CASE WHEN a.amount IS NOT NULL THEN a.fee WHEN is_current THEN p.fee END,
          CASE WHEN a.amount IS NOT NULL THEN a.net_amount WHEN is_current THEN p.net_amount END,
          CASE WHEN o.kind = 'completed' THEN coalesce(CASE WHEN is_settled THEN p.tx_hash END, a.tx_hash) END,
          CASE WHEN o.kind = 'completed' THEN coalesce(a.latency_ms, CASE WHEN is_settled
            THEN greatest(0, round(extract(epoch FROM p.settled_at - p.occurred_at) * 1000)) END) END,
          o.code,
          CASE WHEN o.kind = 'failed' THEN coalesce(a.message, CASE WHEN is_current THEN p.failure_message END) END,
          CASE WHEN o.kind = 'failed' THEN coalesce(a.retryable, CASE WHEN is_current THEN p.failure_retryable END) END
        FROM taken t
        JOIN payment_outcomes o ON o.payment_id = t.payment_id AND o.generation = t.generation
        JOIN payments now ON now.id = t.payment_id
        -- As it was when this was decided, where it has been changed since.
        CROSS JOIN LATERAL jsonb_populate_record(now, t.kept) p
        -- Of what a restored backup had forgotten and our own topics told.
        LEFT JOIN announced_outcomes a ON a.event_id = o.event_id
        CROSS JOIN LATERAL (SELECT p.generation = o.generation AS is_current,
          p.generation = o.generation AND p.state = o.kind AS is_settled) s
        RETURNING number
      ), moved AS (
        UPDATE live_sequence SET last = ${last}::bigint + (SELECT count(*) FROM numbered)
      )
      SELECT count(*) FROM numbered
    `);
    await failpoint("live.before_commit");
    return Number(count);
  });
  await failpoint("live.numbered");
  return numbered;
}
