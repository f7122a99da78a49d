import { loadDatabaseConfig } from "../config.ts";
import { openPool, type Database } from "../database/pool.ts";

/** Runs one command against the database and closes it, however the command ends. */
export async function withDatabase<T>(
  work: (db: Database) => Promise<T>,
  options: { readonly statementTimeoutMs?: number } = {},
): Promise<T> {
  const config = loadDatabaseConfig();
  const db = await openPool({
    url: config.DATABASE_URL,
    poolMax: 2,
    statementTimeoutMs: options.statementTimeoutMs ?? config.DATABASE_STATEMENT_TIMEOUT_MS,
  });
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}
