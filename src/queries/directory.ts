import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

const isoTime = z.date().transform((date) => date.toISOString());

const platformRow = z.object({
  id: z.string(),
  name: z.string(),
  walletAddress: z.string(),
  taskSource: z.enum(["directory", "event"]),
  feePercentage: z.string().nullable(),
  createdAt: isoTime,
  updatedAt: isoTime,
});
export type PlatformView = z.infer<typeof platformRow>;

export async function getPlatform(
  db: CommonQueryMethods,
  id: string,
): Promise<PlatformView | null> {
  return db.maybeOne(sql.type(platformRow)`
    SELECT id, name, wallet_address AS "walletAddress", task_source AS "taskSource",
      trim_scale(fee_percentage)::text AS "feePercentage", created_at AS "createdAt", updated_at AS "updatedAt"
    FROM platforms WHERE id = ${id}
  `);
}

const workerRow = z.object({
  id: z.string(),
  name: z.string().nullable(),
  walletAddress: z.string().nullable(),
  reputation: z.bigint().transform(Number),
  createdAt: isoTime,
  updatedAt: isoTime,
});
export type WorkerView = z.infer<typeof workerRow>;

/** A worker; for one platform only where it has paid that worker something, or was to. */
export async function getWorker(
  db: CommonQueryMethods,
  id: string,
  platformId: string | null,
): Promise<WorkerView | null> {
  return db.maybeOne(sql.type(workerRow)`
    SELECT id, name, wallet_address AS "walletAddress", reputation, created_at AS "createdAt", updated_at AS "updatedAt"
    FROM workers w WHERE id = ${id} AND (${platformId}::text IS NULL OR EXISTS (
      SELECT FROM payments p WHERE p.worker_id = w.id AND p.platform_id = ${platformId}))
  `);
}

const taskRow = z.object({
  id: z.string(),
  platformId: z.string(),
  workerId: z.string(),
  amount: z.string(),
  currency: z.string(),
  status: z.enum([
    "created",
    "assigned",
    "in_progress",
    "completed",
    "paid",
    "disputed",
    "cancelled",
  ]),
  paymentId: z.string().nullable(),
  paidAt: isoTime.nullable(),
  createdAt: isoTime,
  updatedAt: isoTime,
});
export type TaskView = z.infer<typeof taskRow>;

export async function getTask(
  db: CommonQueryMethods,
  platformId: string,
  id: string,
): Promise<TaskView | null> {
  return db.maybeOne(sql.type(taskRow)`
    SELECT t.id, t.platform_id AS "platformId", t.worker_id AS "workerId", t.amount, t.currency, t.status,
      (SELECT p.id FROM payments p WHERE p.platform_id = t.platform_id AND p.task_id = t.id) AS "paymentId",
      t.paid_at AS "paidAt", t.created_at AS "createdAt", t.updated_at AS "updatedAt"
    FROM tasks t WHERE t.platform_id = ${platformId} AND t.id = ${id}
  `);
}
