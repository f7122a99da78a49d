import { Client } from "pg";

import type { Restartable } from "../process/restartable.ts";

const STATEMENT_TIMEOUT_MS = 30_000;

export interface Postgres {
  /** The `postgres` database, as its superuser. */
  readonly url: string;
  readonly port: number;
  readonly server: Restartable;
  /** Makes an empty database (a fresh name unless told) and answers its URL. */
  createDatabase(name?: string): Promise<string>;
  stop(): Promise<void>;
}

/** What a running server on that port of 127.0.0.1 offers, however it is run. */
export function postgresAt(port: number, server: Restartable, stop: () => Promise<void>): Postgres {
  const urlOf = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  let made = 0;
  return {
    url: urlOf("postgres"),
    port,
    server,
    async createDatabase(name = `gigstream_${process.pid}_${(made += 1)}`) {
      await execute(urlOf("postgres"), `CREATE DATABASE "${name.replaceAll('"', '""')}"`);
      return urlOf(name);
    },
    stop,
  };
}

/** Runs one statement on a connection of its own. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, query_timeout: STATEMENT_TIMEOUT_MS });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
