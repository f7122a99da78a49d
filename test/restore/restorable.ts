import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { takeBackup, type Backup } from "../../sandbox/postgres/backup.ts";
import type { Postgres } from "../../sandbox/postgres/postgres-at.ts";
import { startPostgres } from "../../sandbox/postgres/start-postgres.ts";
import { migrate } from "../../src/database/migrate.ts";

/** A server of its own whose files can be put back, and a migrated database on it. */
export interface RestorableServer extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly dir: string;
  readonly url: string;
  backUp(): Promise<Backup>;
}

export async function startRestorable(): Promise<RestorableServer> {
  // In /tmp whatever TMPDIR says: the account that Postgres runs as can always reach it.
  const dir = await mkdtemp(join("/tmp", "restorable-postgres-"));
  const postgres = await startPostgres({ dir, fsync: false });
  const url = await postgres.createDatabase();
  await migrate(url);
  return {
    postgres,
    dir,
    url,
    backUp: () => takeBackup(postgres.server, dir),
    async [Symbol.asyncDispose]() {
      await postgres.stop();
      for (const path of [dir, `${dir}.backup`]) await rm(path, { recursive: true, force: true });
    },
  };
}

/** A logical backup: a clone of the database, and back from it. Nobody may be connected meanwhile. */
export async function cloneDatabase(url: string): Promise<{ restore(): Promise<void> }> {
  const name = new URL(url).pathname.slice(1);
  await asAdmin(url, `CREATE DATABASE "${name}_backup" TEMPLATE "${name}"`);
  return {
    restore: () =>
      asAdmin(
        url,
        `DROP DATABASE "${name}" WITH (FORCE)`,
        `CREATE DATABASE "${name}" TEMPLATE "${name}_backup"`,
      ),
  };
}

async function asAdmin(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url.replace(/\/[^/]*$/, "/postgres") });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
