import { readdir, readFile } from "node:fs/promises";
import { Client } from "pg";
import { PaymentError } from "../errors.ts";
import { failpoint } from "../failpoint.ts";
import { translateDatabaseError } from "./translate-error.ts";

const directory = new URL("./migrations/", import.meta.url);
/** Any constant: one migrator at a time per database. */
const MIGRATION_LOCK = 7_316_201;
const MIGRATION_TIMEOUT_MS = 600_000;

export interface MigrationReport {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

/**
 * Brings the schema up to date, each file in its own transaction, one process at a time.
 * With `check`, changes nothing and reports what is pending.
 */
export async function migrate(
  databaseUrl: string,
  options: { check?: boolean } = {},
): Promise<MigrationReport> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    // A large table may take its time to change; the other instances wait for this one.
    query_timeout: MIGRATION_TIMEOUT_MS,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await migrateOver(client, options);
  } catch (error) {
    throw translateDatabaseError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function migrateOver(client: Client, options: { check?: boolean }): Promise<MigrationReport> {
  if (!options.check) await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
  const done = await appliedMigrations(client);
  const files = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  const unknown = [...done].filter((name) => !files.includes(name));
  if (unknown.length > 0) {
    throw new PaymentError(
      "DEPLOYMENT_MISMATCH",
      "reject",
      `The database has migrations that this version does not know (${unknown.join(", ")}): run a newer version.`,
    );
  }
  const pending = files.filter((name) => !done.has(name));
  if (options.check) return { applied: [], pending };
  await client.query(
    "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
  );
  for (const name of pending) {
    await apply(client, name);
    await failpoint("migrate.committed");
  }
  return { applied: pending, pending: [] };
}

async function appliedMigrations(client: Client): Promise<Set<string>> {
  const { rows: found } = await client.query<{ found: boolean }>(
    "SELECT to_regclass('migrations') IS NOT NULL AS found",
  );
  if (!found[0]?.found) return new Set();
  const { rows } = await client.query<{ name: string }>("SELECT name FROM migrations");
  return new Set(rows.map((row) => row.name));
}

async function apply(client: Client, name: string): Promise<void> {
  const statements = await readFile(new URL(name, directory), "utf8");
  await client.query("BEGIN");
  try {
    await client.query(statements);
    await client.query("INSERT INTO migrations (name) VALUES ($1)", [name]);
    await failpoint("migrate.before_commit");
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}
