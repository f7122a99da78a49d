import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DirectoryOrder, PutOutcome } from "./order.ts";

export interface WorkerPut {
  readonly id: string;
  /** Lower-case. */
  readonly walletAddress: string;
  readonly name: string | null;
}

const writtenRow = z.object({ id: z.string(), isNew: z.boolean() });

/**
 * Creates workers, or says anew what their names and wallets are; each change of a wallet is in the audit log with what it
 * was before. Repeating it changes nothing. Of several with the same id the caller must have chosen one.
 */
export async function putWorkers(
  pool: Database,
  workers: readonly WorkerPut[],
  { actor }: DirectoryOrder,
): Promise<ReadonlyMap<string, PutOutcome>> {
  // In one order, so that no two callers can wait for each other.
  const sorted = workers.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const rows = sorted.map(({ id, name, walletAddress }) => [id, name, walletAddress]);
  const written = await transact(pool, async (tx) => {
    const given = sql.fragment`${sql.unnest(rows, ["text", "text", "text"])} AS g (id, name, wallet)`;
    const before = sql.fragment`
      SELECT w.id, w.wallet_address FROM workers w JOIN ${given} ON g.id = w.id ORDER BY w.id FOR UPDATE OF w`;
    await tx.query(sql.type(anyRow)`
      WITH before AS (${before})
      INSERT INTO audit_log (actor, action, details)
      SELECT ${actor}, CASE WHEN b.id IS NULL THEN 'worker.created' ELSE 'worker.wallet_changed' END,
        jsonb_build_object('workerId', g.id, 'before', b.wallet_address, 'after', g.wallet)
      FROM ${given} LEFT JOIN before b ON b.id = g.id
      WHERE b.wallet_address IS DISTINCT FROM g.wallet`);
    return tx.any(sql.type(writtenRow)`
      INSERT INTO workers (id, name, wallet_address) SELECT g.id, g.name, g.wallet FROM ${given}
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, wallet_address = excluded.wallet_address, updated_at = payment_now()
      WHERE (workers.name, workers.wallet_address) IS DISTINCT FROM (excluded.name, excluded.wallet_address)
      RETURNING id, created_at = updated_at AS "isNew"`);
  });
  const outcomes = new Map<string, PutOutcome>(workers.map(({ id }) => [id, "unchanged"]));
  for (const { id, isNew } of written) outcomes.set(id, isNew ? "created" : "updated");
  return outcomes;
}
