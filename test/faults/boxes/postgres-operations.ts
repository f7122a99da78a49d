import { execFile } from "node:child_process";
import { chown, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import type { Postgres } from "../../../sandbox/postgres/postgres-at.ts";

const run = promisify(execFile);

const STATEMENT_TIMEOUT_MS = 30_000;
/** The log is copied last; the other is the running server's own. */
const LEFT_OUT: ReadonlySet<string> = new Set(["pg_wal", "postmaster.pid"]);
/** A file may be gone before the copy comes to it; then the copy starts anew. */
const COPY_TRIES_MAX = 5;

/** A copy of what a database held, to which it can be set back, once. */
export interface Backup {
  /** The database, or the whole server, holds again what it held; whoever is connected to it loses the connection. */
  restore(): Promise<void>;
  discard(): Promise<void>;
}

/** A server that takes no more writes, as one that is a replica by now: for every connection made from now on. */
export async function setReadOnly(
  postgres: Postgres,
  database: string,
  isReadOnly: boolean,
): Promise<void> {
  const value = isReadOnly
    ? "SET default_transaction_read_only = on"
    : "RESET default_transaction_read_only";
  await asAdmin(postgres, (admin) => admin.query(`ALTER DATABASE "${database}" ${value}`));
}

/**
 * Copies the whole server's files while it runs. Putting them back sets its WAL position back as well, as a restored
 * volume does.
 */
export async function backUpServer(postgres: Postgres): Promise<Backup> {
  const data = await asAdmin(postgres, dataDirectory);
  const copy = `${data}-backup-${process.hrtime.bigint()}`;
  await asAdmin(postgres, async (admin) => {
    await admin.query("SELECT pg_backup_start('fault', true)");
    await copyFiles(data, copy);
    const { rows } = await admin.query<{ labelfile: string }>(
      "SELECT labelfile FROM pg_backup_stop(false)",
    );
    // Last, and all of it: the log is what makes a whole of files copied one after the other.
    await run("cp", ["-a", join(data, "pg_wal"), copy]);
    const label = join(copy, "backup_label");
    await writeFile(label, rows[0]?.labelfile ?? "");
    const owner = await stat(data);
    await chown(label, owner.uid, owner.gid);
  });
  return {
    async restore() {
      await postgres.server.down();
      await rm(data, { recursive: true });
      await run("cp", ["-a", copy, data]);
      await postgres.server.up();
    },
    discard: () => rm(copy, { recursive: true, force: true }),
  };
}

/** Copies one database. Putting the copy back leaves the server's WAL position where it is. */
export async function backUpDatabase(postgres: Postgres, database: string): Promise<Backup> {
  const copy = `${database}_backup_${process.hrtime.bigint()}`;
  await asAdmin(postgres, async (admin) => {
    // A template must have no visitors while it is copied.
    await admin.query(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS false`);
    try {
      await expel(admin, database);
      await admin.query(`CREATE DATABASE "${copy}" TEMPLATE "${database}"`);
    } finally {
      await admin.query(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS true`);
    }
  });
  return {
    restore: () =>
      asAdmin(postgres, async (admin) => {
        await admin.query(`DROP DATABASE "${database}" WITH (FORCE)`);
        await admin.query(`ALTER DATABASE "${copy}" RENAME TO "${database}"`);
      }),
    async discard() {
      await asAdmin(postgres, (admin) => admin.query(`DROP DATABASE IF EXISTS "${copy}"`));
    },
  };
}

async function expel(admin: Client, database: string): Promise<void> {
  await admin.query(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
    [database],
  );
}

async function copyFiles(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { uid, gid, mode } = await stat(from);
      await mkdir(to, { mode });
      await chown(to, uid, gid);
      const names = (await readdir(from)).filter((name) => !LEFT_OUT.has(name));
      await run("cp", ["-a", ...names.map((name) => join(from, name)), to]);
      return;
    } catch (error) {
      if (attempt === COPY_TRIES_MAX) throw error;
      await rm(to, { recursive: true, force: true });
    }
  }
}

async function dataDirectory(admin: Client): Promise<string> {
  const { rows } = await admin.query<{ data_directory: string }>("SHOW data_directory");
  const [row] = rows;
  if (row === undefined) throw new Error("Postgres does not say where its data are");
  return row.data_directory;
}

async function asAdmin<T>(postgres: Postgres, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({
    connectionString: postgres.url,
    query_timeout: STATEMENT_TIMEOUT_MS,
  });
  // A server that is taken away breaks a connection that is about to end anyway.
  admin.on("error", () => undefined);
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
