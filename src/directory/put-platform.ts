import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DirectoryOrder, PutOutcome } from "./order.ts";
import { newSecret } from "./platform-secret.ts";

export interface PlatformPut {
  readonly id: string;
  readonly name: string;
  /** Lower-case. */
  readonly walletAddress: string;
  readonly taskSource: "directory" | "event";
  /** Null: the deployment's own. */
  readonly feePercentage: string | null;
}

const beforeRow = z.object({
  name: z.string(),
  walletAddress: z.string(),
  taskSource: z.string(),
  feePercentage: z.string().nullable(),
});

/**
 * Creates a platform with its webhook secret, which is shown this once, or says anew what it is. Before and after are in
 * the audit log. Repeating it changes nothing.
 */
export async function putPlatform(
  pool: Database,
  platform: PlatformPut,
  { actor }: DirectoryOrder,
): Promise<{ readonly kind: PutOutcome; readonly secret: string | null }> {
  const secret = newSecret();
  return transact(pool, async (tx) => {
    const before = await read(tx, platform.id, sql.fragment`FOR UPDATE`);
    const { id, name, walletAddress, taskSource, feePercentage } = platform;
    await tx.query(sql.type(anyRow)`
      INSERT INTO platforms (id, name, wallet_address, task_source, fee_percentage)
      VALUES (${id}, ${name}, ${walletAddress}, ${taskSource}, ${feePercentage}::numeric)
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, wallet_address = excluded.wallet_address,
        task_source = excluded.task_source, fee_percentage = excluded.fee_percentage, updated_at = payment_now()
      WHERE (platforms.name, platforms.wallet_address, platforms.task_source, platforms.fee_percentage)
        IS DISTINCT FROM (excluded.name, excluded.wallet_address, excluded.task_source, excluded.fee_percentage)`);
    const after = await read(tx, id, sql.fragment``);
    const isSame = JSON.stringify(before) === JSON.stringify(after);
    if (!isSame) {
      const action = before ? "platform.changed" : "platform.created";
      await tx.query(sql.type(anyRow)`
        INSERT INTO audit_log (actor, action, details)
        VALUES (${actor}, ${action}, ${sql.jsonb({ platformId: id, before, after })})`);
    }
    const { rowCount } = await tx.query(sql.type(anyRow)`
      INSERT INTO platform_secrets (platform_id, secret) VALUES (${id}, ${secret}) ON CONFLICT DO NOTHING`);
    const kind = before ? (isSame ? "unchanged" : "updated") : "created";
    return { kind, secret: rowCount === 1 ? secret : null };
  });
}

async function read(tx: Transaction, id: string, lock: ReturnType<typeof sql.fragment>) {
  return tx.maybeOne(sql.type(beforeRow)`
    SELECT name, wallet_address AS "walletAddress", task_source AS "taskSource", fee_percentage::text AS "feePercentage"
    FROM platforms WHERE id = ${id} ${lock}`);
}
