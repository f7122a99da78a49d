import { sql } from "slonik";
import { anyRow, type Database, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";

const STATEMENT_TIMEOUT_MS = 2_000;

/**
 * Reads in one transaction that takes an index wherever there is one: with statistics from a busier hour the planner might
 * read a table of history from end to end, every few seconds. Throws DATABASE_*.
 */
export async function readWithIndexes<T>(
  pool: Database,
  read: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return transact(pool, async (tx) => {
    await tx.query(sql.type(anyRow)`
      SELECT set_config('statement_timeout', ${`${STATEMENT_TIMEOUT_MS}`}, true),
        set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`);
    return read(tx);
  });
}
