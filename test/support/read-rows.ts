import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../../src/database/pool.ts";

/** Every row of a table, for tests that look at what a commit has left behind. */
export async function rowsOf(
  pool: Database,
  table: string,
): Promise<readonly Record<string, unknown>[]> {
  return pool.any(
    sql.type(z.record(z.string(), z.unknown()))`SELECT * FROM ${sql.identifier([table])}`,
  );
}

export async function countOf(pool: Database, table: string): Promise<number> {
  return (await rowsOf(pool, table)).length;
}
