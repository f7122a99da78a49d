import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { paymentIdOf } from "../payment/ids.ts";
import { formatMicros, type Micros } from "../payment/money.ts";
import { PAYMENT_STATES } from "../payment/state.ts";
import type { PutOutcome } from "./order.ts";

/** What a platform may say of a task; that it is paid is said by the service alone. */
export const TASK_STATUSES = [
  "created",
  "assigned",
  "in_progress",
  "completed",
  "disputed",
  "cancelled",
] as const;

export interface TaskPut {
  readonly id: string;
  readonly platformId: string;
  readonly workerId: string;
  readonly amount: Micros;
  readonly currency: string;
  readonly status: (typeof TASK_STATUSES)[number];
}

export type TaskOutcome =
  | { readonly kind: PutOutcome }
  | { readonly kind: "no_platform" }
  /** Its payment says otherwise, and is not failed: the task can no longer change. */
  | { readonly kind: "has_payment"; readonly paymentId: string; readonly field: string };

const knownRow = z.object({
  platformId: z.string(),
  id: z.string(),
  workerId: z.string().nullable(),
  amount: z.string().nullable(),
  currency: z.string().nullable(),
  status: z.string().nullable(),
  paymentId: z.string().nullable(),
  paymentState: z.enum(PAYMENT_STATES).nullable(),
});
type Known = z.infer<typeof knownRow>;

/**
 * Creates tasks, or says anew what they are; one outcome each, in order, whatever becomes of their neighbours. A task that
 * has a payment keeps what the payment was made of, unless that has failed. Repeating it changes nothing.
 */
export async function putTasks(
  pool: Database,
  tasks: readonly TaskPut[],
): Promise<readonly TaskOutcome[]> {
  return transact(pool, async (tx) => {
    const known = await readKnown(tx, tasks);
    const outcomes = tasks.map((task) => judge(task, known.get(keyOf(task))));
    const written = tasks.filter((_, index) => {
      const kind = outcomes[index]?.kind;
      return kind === "created" || kind === "updated";
    });
    if (written.length > 0) await write(tx, written);
    return outcomes;
  });
}

function keyOf({ platformId, id }: { readonly platformId: string; readonly id: string }): string {
  return paymentIdOf(platformId, id);
}

async function readKnown(
  tx: Transaction,
  tasks: readonly TaskPut[],
): Promise<ReadonlyMap<string, Known>> {
  const rows = tasks.map(({ platformId, id }) => [platformId, id]);
  const given = sql.fragment`${sql.unnest(rows, ["text", "text"])} AS g (platform_id, id)`;
  // In one order, so that no two callers can wait for each other.
  await tx.query(sql.type(anyRow)`
    SELECT FROM tasks t JOIN ${given} ON t.platform_id = g.platform_id AND t.id = g.id
    ORDER BY t.platform_id, t.id FOR UPDATE OF t`);
  const known = await tx.any(sql.type(knownRow)`
    SELECT f.id AS "platformId", g.id, t.worker_id AS "workerId", t.amount::text, t.currency, t.status,
      p.id AS "paymentId", p.state AS "paymentState"
    FROM ${given} JOIN platforms f ON f.id = g.platform_id
    LEFT JOIN tasks t ON t.platform_id = g.platform_id AND t.id = g.id
    LEFT JOIN payments p ON p.platform_id = g.platform_id AND p.task_id = g.id`);
  return new Map(known.map((row) => [keyOf(row), row]));
}

/** Pure. */
function judge(task: TaskPut, known: Known | undefined): TaskOutcome {
  if (!known) return { kind: "no_platform" };
  if (known.status === null) return { kind: "created" };
  const field = differenceOf(task, known);
  if (field === undefined) return { kind: "unchanged" };
  if (known.paymentId === null || known.paymentState === "failed") return { kind: "updated" };
  return known.paymentState === "accepted" && field === "status" && task.status === "completed"
    ? { kind: "updated" }
    : { kind: "has_payment", paymentId: known.paymentId, field };
}

function differenceOf(task: TaskPut, known: Known): string | undefined {
  if (task.workerId !== known.workerId) return "workerId";
  if (formatMicros(task.amount) !== known.amount) return "amount";
  if (task.currency !== known.currency) return "currency";
  // What was paid was completed.
  const status = known.status === "paid" ? "completed" : known.status;
  return task.status === status ? undefined : "status";
}

async function write(tx: Transaction, tasks: readonly TaskPut[]): Promise<void> {
  const rows = tasks.map(({ platformId, id, workerId, amount, currency, status }) => {
    const money = formatMicros(amount);
    return [platformId, id, workerId, money, currency, status];
  });
  await tx.query(sql.type(anyRow)`
    INSERT INTO tasks (platform_id, id, worker_id, amount, currency, status)
    SELECT * FROM ${sql.unnest(rows, ["text", "text", "text", "numeric", "text", "text"])} AS g (platform_id, id, worker_id, amount, currency, status)
    ORDER BY platform_id, id
    ON CONFLICT (platform_id, id) DO UPDATE SET worker_id = excluded.worker_id, amount = excluded.amount,
      currency = excluded.currency, status = excluded.status, updated_at = payment_now()
    WHERE tasks.status <> 'paid'`);
}
