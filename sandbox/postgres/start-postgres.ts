import { chown, mkdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client } from "pg";

import { onFreePort } from "../process/free-port.ts";
import { restartable, type Restartable } from "../process/restartable.ts";
import {
  scratchDirectory,
  type Account,
  type ScratchDirectory,
} from "../process/scratch-directory.ts";
import { spawnPart, type Part } from "../process/spawn-part.ts";
import { installedPostgres, othersMayEnter, reachablePostgres } from "./postgres-binaries.ts";

const START_TIMEOUT_MS = 60_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 200;

export interface PostgresOptions {
  /** Keeps the data here, and finds it again; otherwise it lives and dies with this run. */
  readonly dir?: string;
  /** True unless told: a commit is on disk before it is answered. Tests may trade that for speed. */
  readonly fsync?: boolean;
  readonly signal?: AbortSignal;
}

export interface Postgres {
  /** The `postgres` database, as its superuser. */
  readonly url: string;
  readonly port: number;
  readonly server: Restartable;
  /** Makes an empty database (a fresh name unless told) and answers its URL. */
  createDatabase(name?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a Postgres 18 of its own, from nothing to accepting connections in about a second. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const account = await accountFor();
  const scratch = await scratchDirectory("postgres", account && (await placeFor(account)));
  try {
    const home = account === undefined ? installedPostgres() : await reachablePostgres(scratch);
    const { port, server } = await onFreePort(async (port) => {
      const place = { home, port, scratch, ...(account && { account }) };
      return { port, server: await restartable(() => runPostgres(place, options), "SIGINT") };
    });
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
      async stop() {
        await server.down();
        await scratch.remove();
      },
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

/** A private temporary directory of root's is closed to another account; the common one never is. */
async function placeFor(owner: Account): Promise<{ owner: Account; parent: string }> {
  return { owner, parent: (await othersMayEnter(tmpdir())) ? tmpdir() : "/tmp" };
}

interface Place {
  readonly home: string;
  readonly port: number;
  readonly scratch: ScratchDirectory;
  readonly account?: Account;
}

async function runPostgres(place: Place, options: PostgresOptions): Promise<Part> {
  const { home, port, scratch, account } = place;
  const data = options.dir ?? join(scratch.path, "data");
  if (options.dir !== undefined) {
    await mkdir(options.dir, { recursive: true });
    if (account !== undefined) await chown(options.dir, account.uid, account.gid);
  }
  // One guarded command for both steps, so that no moment between them is unguarded.
  const script = `[ -f "$1/PG_VERSION" ] || "$2/bin/initdb" --pgdata="$1" --username=postgres --auth=trust \
--encoding=UTF8 --locale=C --no-sync --no-instructions >/dev/null || exit 1
data=$1 home=$2; shift 2; exec "$home/bin/postgres" -D "$data" "$@"`;
  return spawnPart({
    name: "postgres",
    command: "/bin/sh",
    args: ["-c", script, "postgres", data, home, ...serverFlags(port, options.fsync ?? true)],
    env: { LC_ALL: "C", TZ: "UTC" },
    ready: { line: /database system is ready to accept connections/ },
    timeoutMs: START_TIMEOUT_MS,
    // Immediate shutdown: unlike SIGKILL it gives the shared memory back, unlike SIGTERM it waits for no client.
    deathSignal: "SIGQUIT",
    scratch,
    ...(account && { account }),
    ...(options.signal && { signal: options.signal }),
  });
}

function serverFlags(port: number, fsync: boolean): string[] {
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: CONNECTIONS_MAX,
    shared_buffers: "128MB",
    max_wal_size: "1GB",
    dynamic_shared_memory_type: "mmap",
    ...(fsync ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Postgres refuses to run as root; nobody, whom every system has, will do. */
async function accountFor(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = await readFile("/etc/passwd", "utf8");
  const nobody = accounts.split("\n").find((line) => line.startsWith("nobody:"));
  const [uid, gid] = (nobody?.split(":").slice(2, 4) ?? []).map(Number);
  if (uid === undefined || gid === undefined) {
    throw new Error(
      "postgres: it refuses to run as root, and there is no account `nobody` to run it as.",
    );
  }
  return { uid, gid };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, query_timeout: STATEMENT_TIMEOUT_MS });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
