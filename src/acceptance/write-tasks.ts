import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { formatMicros } from "../payment/money.ts";
import type { Candidate } from "./check-submission.ts";
import type { TaskWrite } from "./decide-batch.ts";
import { lostRace } from "./lost-race.ts";

export interface TaskRow {
  readonly candidate: Candidate;
  readonly write: TaskWrite;
}

const idRow = z.object({ id: z.string() });
const COLUMN_TYPES = ["text", "text", "text", "numeric", "text"];

/** For platforms whose events are their tasks: creates the task, or marks it as completed. */
export async function writeTasks(tx: Transaction, rows: readonly TaskRow[]): Promise<void> {
  const sorted = rows.toSorted((a, b) => (a.candidate.paymentId < b.candidate.paymentId ? -1 : 1));
  const of = (write: TaskWrite) =>
    sorted.filter((row) => row.write === write).map(({ candidate }) => tupleOf(candidate));
  const created = of("create");
  const completed = of("complete");
  if (created.length > 0) {
    const written = await tx.any(sql.prepared("acceptance-create-tasks", idRow)`
      INSERT INTO tasks (platform_id, id, worker_id, amount, currency, status)
      SELECT d.*, 'completed' FROM ${sql.unnest(created, COLUMN_TYPES)} AS d
      ON CONFLICT DO NOTHING
      RETURNING id
    `);
    if (written.length !== created.length) throw lostRace("a task");
  }
  if (completed.length > 0) {
    const written = await tx.any(sql.prepared("acceptance-complete-tasks", idRow)`
      UPDATE tasks t SET status = 'completed', updated_at = payment_now()
      FROM ${sql.unnest(completed, COLUMN_TYPES)} AS d (platform_id, id, worker_id, amount, currency)
      WHERE t.platform_id = d.platform_id AND t.id = d.id AND t.worker_id = d.worker_id AND t.amount = d.amount
        AND t.currency = d.currency AND t.status IN ('created', 'assigned', 'in_progress')
      RETURNING t.id
    `);
    if (written.length !== completed.length) throw lostRace("a task");
  }
}

function tupleOf({ platformId, taskId, workerId, amount, currency }: Candidate) {
  return [platformId, taskId, workerId, formatMicros(amount), currency];
}
