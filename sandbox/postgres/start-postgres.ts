import { chown, mkdir } from "node:fs/promises";
import { join } from "node:path";

import { onFreePort } from "../process/free-port.ts";
import { restartable } from "../process/restartable.ts";
import type { Account, ScratchDirectory } from "../process/scratch-directory.ts";
import { spawnPart, type Part } from "../process/spawn-part.ts";
import { postgresAccount, scratchFor } from "./postgres-account.ts";
import { installedPostgres, reachablePostgres } from "./postgres-binaries.ts";
import { postgresAt, type Postgres } from "./postgres-at.ts";
import { serverFlags } from "./server-flags.ts";

const START_TIMEOUT_MS = 60_000;
/** Only this machine may connect, and only by TCP: a socket's path has a length limit that a temporary one can pass. */
const HERE = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];

export interface PostgresOptions {
  /** Keeps the data here, and finds it again; otherwise it lives and dies with this run. */
  readonly dir?: string;
  /** True unless told: a commit is on disk before it is answered. Tests may do with surviving a kill of the server. */
  readonly fsync?: boolean;
  /** Others of the server's settings, by their names; they win over those above. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Starts a Postgres 18 of its own, from nothing to accepting connections in about a second. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const account = await postgresAccount();
  const scratch = await scratchFor(account);
  try {
    const home = account === undefined ? installedPostgres() : await reachablePostgres(scratch);
    const { port, server } = await onFreePort(async (port) => {
      const place = { home, port, scratch, ...(account && { account }) };
      return { port, server: await restartable(() => runPostgres(place, options), "SIGINT") };
    });
    return postgresAt(port, server, async () => {
      await server.down();
      await scratch.remove();
    });
  } catch (error) {
    await scratch.remove();
    throw error;
  }
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
    args: [
      "-c",
      script,
      "postgres",
      data,
      home,
      ...serverFlags(options),
      ...HERE,
      ...Object.entries(options.settings ?? {}).flatMap(([name, value]) => [
        "-c",
        `${name}=${value}`,
      ]),
      "-p",
      String(port),
    ],
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
