import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import type { Draft } from "./draft.ts";

/** Marks the tasks of completed payments as paid, whatever happened to them meanwhile: the money has moved. */
export async function writePaidTasks(tx: Transaction, completed: readonly Draft[]): Promise<void> {
  if (completed.length === 0) return;
  await tx.query(sql.prepared("settle-write-tasks", anyRow)`
    UPDATE tasks t SET status = 'paid', paid_by = d.payment_id, paid_at = payment_now(), updated_at = payment_now()
    FROM unnest(
      ${sql.array(
        completed.map(({ platformId }) => platformId),
        "text",
      )},
      ${sql.array(
        completed.map(({ taskId }) => taskId),
        "text",
      )},
      ${sql.array(
        completed.map(({ id }) => id),
        "uuid",
      )}
    ) AS d (platform_id, task_id, payment_id)
    WHERE t.platform_id = d.platform_id AND t.id = d.task_id AND t.status <> 'paid'
  `);
}

/** Gives each completed payment's worker its points, once per payment for ever. */
export async function writeReputation(
  tx: Transaction,
  completed: readonly Draft[],
  points: number,
): Promise<void> {
  if (completed.length === 0) return;
  await tx.query(sql.prepared("settle-write-reputation", anyRow)`
    WITH earned AS (
      INSERT INTO reputation_events (payment_id, worker_id, platform_id, task_id, points)
      SELECT d.*, ${points}::integer
      FROM unnest(
        ${sql.array(
          completed.map(({ id }) => id),
          "uuid",
        )},
        ${sql.array(
          completed.map(({ workerId }) => workerId),
          "text",
        )},
        ${sql.array(
          completed.map(({ platformId }) => platformId),
          "text",
        )},
        ${sql.array(
          completed.map(({ taskId }) => taskId),
          "text",
        )}
      ) AS d
      ON CONFLICT (payment_id) DO NOTHING
      RETURNING worker_id, points
    ), totals AS (
      SELECT worker_id, sum(points) AS points FROM earned GROUP BY worker_id
    )
    UPDATE workers w SET reputation = w.reputation + totals.points, updated_at = payment_now()
    FROM totals WHERE w.id = totals.worker_id
  `);
}
