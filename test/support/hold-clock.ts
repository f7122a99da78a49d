import { sql } from "slonik";
import { anyRow, type Database } from "../../src/database/pool.ts";

/** Puts the database's clock ahead, so that waits are over without waiting: it is the only clock that SQL reads. */
export async function holdClock(pool: Database, aheadMs: number): Promise<void> {
  await replaceClock(pool, `statement_timestamp() + interval '${aheadMs} milliseconds'`);
}

/** Stops the database's clock at a moment. */
export async function stopClock(pool: Database, at: Date): Promise<void> {
  await replaceClock(pool, `'${at.toISOString()}'::timestamptz`);
}

async function replaceClock(pool: Database, now: string): Promise<void> {
  const body = sql.literalValue(`SELECT ${now}`);
  await pool.query(sql.type(anyRow)`
    CREATE OR REPLACE FUNCTION payment_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS ${body}`);
}
