import { sql } from "slonik";
import { anyRow, type Database } from "../../src/database/pool.ts";

/** Puts the database's clock ahead, so that waits are over without waiting: it is the only clock that SQL reads. */
export async function holdClock(pool: Database, aheadMs: number): Promise<void> {
  const body = sql.literalValue(
    `SELECT statement_timestamp() + interval '${aheadMs} milliseconds'`,
  );
  await pool.query(sql.type(anyRow)`
    CREATE OR REPLACE FUNCTION payment_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS ${body}`);
}
