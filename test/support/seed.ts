import { createHash } from "node:crypto";
import { sql } from "slonik";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { formatMicros, type Micros } from "../../src/payment/money.ts";

/** A lower-case address that follows from a name, so that tests read as stories. */
export function addressOf(name: string): string {
  return `0x${createHash("sha256").update(name).digest("hex").slice(0, 40)}`;
}

export async function insertPlatform(
  pool: Database,
  platform: {
    id: string;
    walletAddress?: string;
    taskSource?: "directory" | "event";
    feePercentage?: string | null;
  },
): Promise<void> {
  await pool.query(sql.type(anyRow)`
    INSERT INTO platforms (id, name, wallet_address, task_source, fee_percentage)
    VALUES (${platform.id}, ${platform.id}, ${platform.walletAddress ?? addressOf(platform.id)},
            ${platform.taskSource ?? "directory"}, ${platform.feePercentage ?? null}::numeric)`);
}

export async function insertWorker(
  pool: Database,
  worker: { id: string; walletAddress?: string | null },
): Promise<void> {
  const wallet = worker.walletAddress === undefined ? addressOf(worker.id) : worker.walletAddress;
  await pool.query(sql.type(anyRow)`
    INSERT INTO workers (id, name, wallet_address) VALUES (${worker.id}, ${worker.id}, ${wallet})`);
}

export interface SeedTask {
  readonly platformId: string;
  readonly id: string;
  readonly workerId: string;
  readonly amount: Micros;
  readonly currency?: string;
  readonly status?: string;
}

export async function insertTasks(pool: Database, tasks: readonly SeedTask[]): Promise<void> {
  const rows = tasks.map((task) => [
    task.platformId,
    task.id,
    task.workerId,
    formatMicros(task.amount),
    task.currency ?? "USDC",
    task.status ?? "completed",
  ]);
  await pool.query(sql.type(anyRow)`
    INSERT INTO tasks (platform_id, id, worker_id, amount, currency, status)
    SELECT * FROM ${sql.unnest(rows, ["text", "text", "text", "numeric", "text", "text"])}`);
}

/** The deployment's one row; `restoredAt` as after a confirmed restore. */
export async function insertDeployment(
  pool: Database,
  deployment: { chainId?: number; payOnce?: string; restoredAt?: Date | null } = {},
): Promise<void> {
  await pool.query(sql.type(anyRow)`
    INSERT INTO deployment (chain_id, pay_once, restored_at)
    VALUES (${deployment.chainId ?? 5042002}, ${deployment.payOnce ?? addressOf("PayOnce")},
            ${deployment.restoredAt?.toISOString() ?? null}::timestamptz)`);
}
