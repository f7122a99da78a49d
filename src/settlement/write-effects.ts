import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import type { Draft } from "./draft.ts";

/**
 * What follows from completed payments: their tasks are paid, whatever happened to them meanwhile (the money has moved),
 * and their workers get their points, once per payment for ever.
 */
export async function writeEffects(
  tx: Transaction,
  completed: readonly Draft[],
  points: number,
): Promise<void> {
  if (completed.length === 0) return;
  const column = (type: string, of: (draft: Draft) => string) => sql.array(completed.map(of), type);
  await tx.query(sql.prepared("settle-write-effects", anyRow)`
    WITH done AS (
      SELECT * FROM unnest(
        ${column("uuid", ({ id }) => id)}, ${column("text", ({ workerId }) => workerId)},
        ${column("text", ({ platformId }) => platformId)}, ${column("text", ({ taskId }) => taskId)}
      ) AS d (payment_id, worker_id, platform_id, task_id)
    ), paid AS (
      UPDATE tasks t SET status = 'paid', paid_by = done.payment_id, paid_at = payment_now(), updated_at = payment_now()
      FROM done
      WHERE t.platform_id = done.platform_id AND t.id = done.task_id AND t.status <> 'paid'
    ), earned AS (
      INSERT INTO reputation_events (payment_id, worker_id, platform_id, task_id, points)
      SELECT done.*, ${points}::integer FROM done
      ON CONFLICT (payment_id) DO NOTHING
      RETURNING worker_id, points
    ), totals AS (
      SELECT worker_id, sum(points) AS points FROM earned GROUP BY worker_id
    )
    UPDATE workers w SET reputation = w.reputation + totals.points, updated_at = payment_now()
    FROM totals WHERE w.id = totals.worker_id
  `);
}
