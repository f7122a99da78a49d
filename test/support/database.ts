import { Client } from "pg";
import { afterAll } from "vitest";
import type { Postgres } from "../../sandbox/postgres/postgres-at.ts";
import { startPostgres } from "../../sandbox/postgres/start-postgres.ts";
import { migrate } from "../../src/database/migrate.ts";
import { openPool, type Database } from "../../src/database/pool.ts";

export interface FreshDatabase extends AsyncDisposable {
  readonly url: string;
  readonly pool: Database;
  /** Another pool on the same database, as a second instance of the service has; ended with the database. */
  openAnotherPool(): Promise<Database>;
}

interface Server {
  readonly postgres: Postgres;
  readonly admin: Client;
}

const TEMPLATE = "migrated";

let server: Promise<Server> | undefined;
let made = 0;

/**
 * A migrated database of its own for one test: a clone of a template, so that it costs tens of milliseconds.
 * The first call starts a real Postgres for this test file; it stops with the file.
 */
export async function freshDatabase(): Promise<FreshDatabase> {
  server ??= startServer();
  const { postgres, admin } = await server;
  const name = `test_${(made += 1)}`;
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  const url = urlOf(postgres, name);
  const openOne = () => openPool({ url, poolMax: 10, statementTimeoutMs: 10_000 });
  const pool = await openOne();
  const pools = [pool];
  return {
    url,
    pool,
    async openAnotherPool() {
      const another = await openOne();
      pools.push(another);
      return another;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((each) => each.end()));
    },
  };
}

/** The Postgres behind `freshDatabase`, for tests that take it away and bring it back. */
export async function databaseServer(): Promise<Postgres> {
  server ??= startServer();
  return (await server).postgres;
}

async function startServer(): Promise<Server> {
  const postgres = await startPostgres({ fsync: false });
  await migrate(await postgres.createDatabase(TEMPLATE));
  const admin = new Client({ connectionString: postgres.url });
  admin.on("error", () => undefined);
  await admin.connect();
  return { postgres, admin };
}

function urlOf(postgres: Postgres, name: string): string {
  return postgres.url.replace(/\/postgres$/, `/${name}`);
}

afterAll(async () => {
  if (!server) return;
  const { postgres, admin } = await server;
  await admin.end().catch(() => undefined);
  await postgres.stop();
});
