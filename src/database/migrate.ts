import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { PaymentError } from "../errors.ts";
import { failpoint } from "../failpoint.ts";
import { grantRoles, type Roles } from "./grant-roles.ts";
import { levelsOf, readMigrations, type MigrationFile } from "./migration-files.ts";
import { translateDatabaseError } from "./translate-error.ts";

/** Any constant: one migrator at a time per database. */
const MIGRATION_LOCK = 7_316_201;
const MIGRATION_TIMEOUT_MS = 600_000;
/**
 * A change of a table waits behind whoever uses it, and everybody else behind the change: briefly, and again. Less than
 * Postgres's deadlock_timeout (1 s), so that where a migration and a payment wait for each other, it is the migration
 * that gives way.
 */
const LOCK_TIMEOUT_MS = 700;
const LOCK_TRIES = 100;
const LOCK_PAUSE_MS = 300;
/** Not available in time; a deadlock. */
const BUSY = new Set(["55P03", "40P01"]);

export interface MigrationReport {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Of a newer version, which says that this one may run beside it. */
  readonly newer: readonly string[];
  /** Null where nothing was to be changed. */
  readonly roles: Roles | null;
}

/**
 * Brings the schema up to date, each file in its own transaction, one process at a time, and grants the roles what they
 * need. With `check`, changes nothing and reports what is pending. Throws DEPLOYMENT_MISMATCH where a newer version has
 * taken away what this one needs.
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
  const files = await readMigrations();
  const newer = newerThan(files, done);
  const pending = files.filter(({ name }) => !done.has(name));
  if (options.check) return { applied: [], pending: namesOf(pending), newer, roles: null };
  await client.query(`
    CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
    ALTER TABLE migrations ADD COLUMN IF NOT EXISTS oldest_level integer`);
  for (const file of pending) {
    await applyPatiently(client, file);
    await failpoint("migrate.committed");
  }
  return { applied: namesOf(pending), pending: [], newer, roles: await grantRoles(client, files) };
}

/** Every applied migration, and the oldest service level that its own version declared; null where it did not say. */
async function appliedMigrations(client: Client): Promise<Map<string, number | null>> {
  const { rows: found } = await client.query<{ found: boolean }>(
    "SELECT to_regclass('migrations') IS NOT NULL AS found",
  );
  if (!found[0]?.found) return new Map();
  // The column is younger than the table.
  const { rows } = await client.query<{ name: string; oldest: number | null }>(
    "SELECT name, (to_jsonb(m) ->> 'oldest_level')::integer AS oldest FROM migrations m",
  );
  return new Map(rows.map(({ name, oldest }) => [name, oldest]));
}

/**
 * Those that this version does not know: a newer one was here first, or runs beside this one. Each has declared which
 * service may still run against it, because only the newer version can know.
 */
function newerThan(
  files: readonly MigrationFile[],
  done: ReadonlyMap<string, number | null>,
): readonly string[] {
  const known = new Set(namesOf(files));
  const level = Math.max(0, ...files.map((file) => file.level));
  const unknown = [...done].filter(([name]) => !known.has(name));
  const tooNew = unknown.filter(
    ([name, oldest]) => (oldest ?? levelsOf(name, "").oldestLevel) > level,
  );
  if (tooNew.length === 0) return unknown.map(([name]) => name);
  throw new PaymentError(
    "DEPLOYMENT_MISMATCH",
    "reject",
    `The database has migrations that this version (level ${level}) may not run with (${tooNew.map(([name]) => name).join(", ")}): run a newer version.`,
  );
}

async function applyPatiently(client: Client, file: MigrationFile): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await apply(client, file);
    } catch (error) {
      const isBusy = BUSY.has((error as { code?: string }).code ?? "");
      if (!isBusy || tries === LOCK_TRIES) throw error;
      await delay(LOCK_PAUSE_MS);
    }
  }
}

async function apply(client: Client, { name, statements, oldestLevel }: MigrationFile) {
  await client.query("BEGIN");
  try {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query(statements);
    await client.query("INSERT INTO migrations (name, oldest_level) VALUES ($1, $2)", [
      name,
      oldestLevel,
    ]);
    await failpoint("migrate.before_commit");
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

function namesOf(files: readonly MigrationFile[]): string[] {
  return files.map(({ name }) => name);
}
