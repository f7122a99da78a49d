import { Client } from "pg";
import { sql, type CommonQueryMethods } from "slonik";
import type { Postgres } from "../../../sandbox/postgres/postgres-at.ts";
import { migrate } from "../../../src/database/migrate.ts";
import { anyRow, openPool, type Database } from "../../../src/database/pool.ts";

/** A real Postgres database whose time is the schedule's, emptied between schedules. */
export interface SimDatabase {
  /** One connection: what runs is one process at a time, so the order of everything follows from the schedule. */
  readonly pool: Database;
  /** Empty, as after `gigpay migrate`. */
  clean(): Promise<void>;
  setTime(ms: number): Promise<void>;
  backUp(): Promise<void>;
  /** Everything as it was at the backup, sequences included. */
  restore(): Promise<void>;
  end(): Promise<void>;
}

const TEMPLATE = "simulated";

/** The one clock of SQL, taken over. */
const TAKE_TIME = `
  CREATE OR REPLACE FUNCTION payment_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT current_setting('simulation.now')::timestamptz $$`;

/** Rows are deleted, which is far cheaper than to truncate so many files; what they leave behind goes at times. */
const TRUNCATE_EVERY = 100;

/** Makes the migrated database that every worker clones. */
export async function createTemplate(postgres: Postgres): Promise<void> {
  const url = await postgres.createDatabase(TEMPLATE);
  await migrate(url);
  await run(url, TAKE_TIME);
}

/** A clone of the template of its own. */
export async function createClone(postgresUrl: string, name: string): Promise<string> {
  await run(postgresUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  return postgresUrl.replace(/\/postgres$/, `/${name}`);
}

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function copyBack(name: string): string {
  return `DELETE FROM ${name}; INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM backup.${name}`;
}

/** A restored sequence gives the same ids again. */
function countFrom(name: string, id: string): string {
  return `SELECT setval(pg_get_serial_sequence('${name}', '${id}'),
    coalesce((SELECT max("${id}") FROM ${name}), 0) + 1, false)`;
}

export async function openSimDatabase(url: string): Promise<SimDatabase> {
  const cleaner = new Client({ connectionString: url });
  cleaner.on("error", () => undefined);
  await cleaner.connect();
  const { rows } = await cleaner.query<{ name: string }>(`
    SELECT quote_ident(tablename) AS name FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'migrations'`);
  const tables = rows.map(({ name }) => name);
  const { rows: counted } = await cleaner.query<{ name: string; id: string }>(`
    SELECT quote_ident(table_name) AS name, column_name AS id FROM information_schema.columns
    WHERE table_schema = 'public' AND is_identity = 'YES'`);
  await cleaner.query(
    `CREATE SCHEMA IF NOT EXISTS backup; ${tables
      .map((name) => `CREATE TABLE IF NOT EXISTS backup.${name} (LIKE ${name})`)
      .join(";")}`,
  );
  // Without triggers and foreign keys: rows go in any order, and append-only tables are emptied too.
  await cleaner.query("SET session_replication_role = replica");
  const deletion = tables.map((name) => `DELETE FROM ${name}`).join(";");
  let setToMs = 0;
  const tellTime = async (connection: CommonQueryMethods) => {
    const now = new Date(setToMs).toISOString();
    await connection.query(
      sql.prepared("time", anyRow)`SELECT set_config('simulation.now', ${now}, false)`,
    );
  };
  // slonik opens a new session after every failed transaction, and each must know what time it is.
  const pool = await openPool({
    url,
    poolMax: 1,
    statementTimeoutMs: 20_000,
    onConnection: tellTime,
  });
  let cleaned = 0;
  return {
    pool,
    async clean() {
      cleaned += 1;
      await cleaner.query(
        cleaned % TRUNCATE_EVERY === 0 ? `TRUNCATE ${tables.join(",")}` : deletion,
      );
    },
    async setTime(ms) {
      if (ms === setToMs) return;
      setToMs = ms;
      await tellTime(pool);
    },
    async backUp() {
      await cleaner.query(
        tables
          .map(
            (name) =>
              `DELETE FROM backup.${name}; INSERT INTO backup.${name} SELECT * FROM ${name}`,
          )
          .join(";"),
      );
    },
    async restore() {
      await cleaner.query(
        [...tables.map(copyBack), ...counted.map(({ name, id }) => countFrom(name, id))].join(";"),
      );
    },
    async end() {
      await pool.end();
      await cleaner.end();
    },
  };
}
