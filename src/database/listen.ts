import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { Logger } from "pino";
import type { Wake } from "../wake.ts";
import { createAnnouncer } from "./announcer.ts";

const RETRY_MS = 500;
/** A listener whose connection died silently would sleep through everything; it notices within two of these. */
const PING_MS = 5_000;
const PREFIX = "gigstream_payments_";

export interface SignalsDeps {
  readonly databaseUrl: string;
  readonly log: Logger;
}

export interface Signals<Name extends string> {
  /** Rings the stage of this process at once, and those of the other instances a few ms later. */
  announce(name: Name): void;
  /** Resolves once the signal has aborted and the connection is closed. */
  readonly closed: Promise<void>;
}

/**
 * Carries the bells between instances over LISTEN/NOTIFY, on one connection outside the pool, which is opened again
 * whenever it is lost; every connect rings everything, since calls may have been missed. Only ever a hint: stages
 * poll as well. Never called from a trigger, so that no payment's commit waits for NOTIFY's lock.
 */
export function connectSignals<Name extends string>(
  deps: SignalsDeps,
  channels: Record<Name, Wake>,
  signal: AbortSignal,
): Signals<Name> {
  const announcer = createAnnouncer();
  const bells = new Map(
    Object.entries<Wake>(channels).map(([name, wake]) => [PREFIX + name, wake] as const),
  );
  const listen = async (onListening: () => void) => {
    await using connection = await openListener(deps, bells);
    announcer.use(connection.client);
    onListening();
    for (const wake of bells.values()) wake.ring();
    try {
      await connection.untilLost(signal);
    } finally {
      announcer.use(undefined);
    }
  };
  return {
    announce(name) {
      channels[name].ring();
      announcer.announce(PREFIX + name);
    },
    closed: keepListening(deps.log, listen, signal),
  };
}

async function keepListening(
  log: Logger,
  listen: (onListening: () => void) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let away = false;
  const onListening = () => {
    if (away) log.info("listening to the other instances again");
    away = false;
  };
  while (!signal.aborted) {
    try {
      await listen(onListening);
    } catch (error) {
      if (!away && !signal.aborted) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn({ reason }, "cannot hear the other instances; polling until it is mended");
      }
      away = true;
    }
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

interface Listener extends AsyncDisposable {
  readonly client: Client;
  /** Rejects when the connection is lost; resolves when the signal aborts. */
  untilLost(signal: AbortSignal): Promise<void>;
}

async function openListener(
  deps: SignalsDeps,
  bells: ReadonlyMap<string, Wake>,
): Promise<Listener> {
  const client = new Client({
    connectionString: deps.databaseUrl,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    application_name: "gigstream signals",
  });
  const lost = new AbortController();
  client.on("error", (error) => lost.abort(error));
  client.on("end", () => lost.abort(new Error("the connection was closed")));
  try {
    await client.connect();
    await subscribe(client, bells);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return {
    client,
    async untilLost(signal) {
      const ended = AbortSignal.any([signal, lost.signal]);
      while (!ended.aborted) {
        await delay(PING_MS, undefined, { signal: ended }).catch(() => undefined);
        if (!ended.aborted) await client.query("SELECT 1");
      }
      if (!signal.aborted) lost.signal.throwIfAborted();
    },
    async [Symbol.asyncDispose]() {
      await client.end().catch(() => undefined);
    },
  };
}

async function subscribe(client: Client, bells: ReadonlyMap<string, Wake>): Promise<void> {
  // Nothing is written over this connection, so no commit needs to wait for the disk.
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pg_backend_pid() AS pid, set_config('synchronous_commit', 'off', false)",
  );
  client.on("notification", ({ channel, processId }) => {
    // Our own calls come back too; their bells rang when they were announced.
    if (processId !== rows[0]?.pid) bells.get(channel)?.ring();
  });
  for (const channel of bells.keys()) await client.query(`LISTEN ${channel}`);
}
