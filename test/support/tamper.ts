import type { QuerySqlToken } from "slonik";
import { sql } from "slonik";
import { anyRow, type Database } from "../../src/database/pool.ts";

/**
 * Runs a statement with the database's guards switched off, as only a superuser can: for damage that verifying must
 * find, and for what a restored backup has forgotten.
 */
export async function tamper(
  pool: Database,
  ...statements: readonly QuerySqlToken[]
): Promise<void> {
  await pool.transaction(async (tx) => {
    await tx.query(sql.type(anyRow)`SET LOCAL session_replication_role = replica`);
    for (const statement of statements) await tx.query(statement);
  });
}
