import { sql } from "slonik";
import { anyRow, type Database } from "../../../src/database/pool.ts";
import type { TaskCompleted } from "../../../src/payment/events.ts";
import { MICROS_PER_UNIT, type Micros } from "../../../src/payment/money.ts";
import { insertPlatform, insertTasks, insertWorker } from "../../support/seed.ts";
import type { Random } from "./random.ts";

/** What the platforms did, kept by the simulation itself: the ledger that everything is held against. */
export interface TaskLine {
  readonly event: TaskCompleted;
  /** Whether anything could make it fail for a reason of its own. */
  readonly isEligible: boolean;
  isPublished: boolean;
}

const WORKERS = ["ann", "bob", "cyd"] as const;
export const PLATFORM_IDS = ["directory", "event"] as const;
export const WORKER_IDS: readonly string[] = WORKERS;

export function makeTasks(random: Random, count: number, nowMs: number): TaskLine[] {
  return Array.from({ length: count }, (_, index): TaskLine => {
    const taskId = `task-${index}`;
    // Below the least amount that is paid: it fails at once, and nothing is ever sent for it.
    const isEligible = !random.chance(0.1);
    const amount: Micros = isEligible
      ? BigInt(5 + random.below(40)) * MICROS_PER_UNIT
      : MICROS_PER_UNIT / 2n;
    return {
      event: {
        eventId: `event-of-${taskId}`,
        occurredAt: new Date(nowMs),
        taskId,
        workerId: random.pick(WORKERS),
        platformId: random.pick(PLATFORM_IDS),
        amount,
        currency: "USDC",
        idempotencyKey: null,
      },
      isEligible,
      isPublished: false,
    };
  });
}

/** The directory before anything happened; the tasks of some come late, some workers have no wallet yet. */
export async function seedDirectory(
  pool: Database,
  tasks: readonly TaskLine[],
  late: ReadonlySet<string>,
): Promise<void> {
  for (const id of PLATFORM_IDS) {
    await insertPlatform(pool, { id, taskSource: id, feePercentage: "2.5" });
  }
  for (const id of WORKERS) {
    if (!late.has(id)) await insertWorker(pool, { id });
  }
  const inDirectory = tasks.filter(
    ({ event }) => event.platformId === "directory" && !late.has(event.taskId),
  );
  if (inDirectory.length > 0) await insertTasks(pool, inDirectory.map(rowOf));
}

export async function addLate(
  pool: Database,
  tasks: readonly TaskLine[],
  id: string,
): Promise<void> {
  const task = tasks.find(({ event }) => event.taskId === id);
  const table = task ? "tasks" : "workers";
  // After a restore it may be there already.
  const known = await pool.exists(sql.type(anyRow)`
    SELECT FROM ${sql.identifier([table])} WHERE id = ${id}`);
  if (known) return;
  if (task) await insertTasks(pool, [rowOf(task)]);
  else await insertWorker(pool, { id });
}

function rowOf({ event }: TaskLine) {
  const { taskId: id, platformId, workerId, amount } = event;
  return { id, platformId, workerId, amount };
}
