import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { Logger } from "pino";
import { failpoint } from "../failpoint.ts";

/** A takeover must be done within 5 s of a kill; half a second leaves room for the work that follows. */
const RETRY_MS = 500;
/** A connection that died silently is noticed by this ping, and its lock is then another's to take. */
const PING_MS = 1_000;

/** Pings missed until a holder counts as frozen; with the others' polls its work is taken over within 5 s. */
const FROZEN_MS = 4 * PING_MS;

export interface LeaseDeps {
  readonly databaseUrl: string;
  readonly log: Logger;
  /** Taken or lost; also told as not held when it is first waited for. */
  readonly onHeld?: (lease: string, isHeld: boolean) => void;
}

/**
 * Runs `work` while this process alone holds the named lock, again and again until `signal` aborts.
 * The lock is a Postgres advisory lock on a connection of its own: a killed process frees it at once.
 * It is for order and speed only: a zombie that works on without it does no harm (PayOnce, compare-and-set).
 * `work` gets a signal that aborts when the lock is lost or the process stops, and must then return.
 */
export async function holdLease(
  deps: LeaseDeps,
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let interrupted = false;
  deps.onHeld?.(name, false);
  while (!signal.aborted) {
    try {
      await takeAndWork(deps, name, work, signal);
      interrupted = false;
    } catch (error) {
      // Once per outage: while Postgres is away this comes round twice a second.
      if (!signal.aborted && !interrupted) {
        deps.log.warn({ err: error, lease: name }, "lease interrupted; taking it again");
      }
      interrupted = true;
    }
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function takeAndWork(
  deps: LeaseDeps,
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
  outer: AbortSignal,
): Promise<void> {
  const lost = new AbortController();
  const client = new Client({
    connectionString: deps.databaseUrl,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    application_name: `gigstream lease ${name}`,
    // Behind a cut cable no goodbye arrives: the server itself gives the lock of a silent peer back after 8 s. The kernel
    // of a frozen process goes on answering for it: whoever has stopped pinging loses its session.
    options: `-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c idle_session_timeout=${FROZEN_MS}`,
  });
  client.on("error", (error) => lost.abort(error));
  client.on("end", () => lost.abort());
  await client.connect();
  try {
    if (!(await waitForLock(client, lockKey(name), AbortSignal.any([outer, lost.signal])))) return;
    deps.log.info({ lease: name }, "lease taken");
    deps.onHeld?.(name, true);
    const held = AbortSignal.any([outer, lost.signal]);
    const pings = pingUntil(client, held).catch((error: unknown) => lost.abort(error));
    try {
      await failpoint("lease.taken");
      await work(held);
    } finally {
      lost.abort();
      deps.onHeld?.(name, false);
      await pings;
      await failpoint("lease.lost");
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function waitForLock(client: Client, key: bigint, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const { rows } = await client.query<{ taken: boolean }>(
      "SELECT pg_try_advisory_lock($1) AS taken",
      [key.toString()],
    );
    if (rows[0]?.taken) return true;
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

async function pingUntil(client: Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(PING_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await client.query("SELECT 1");
  }
}

/** 64 bits of the name's hash; signed, as Postgres wants its advisory keys. */
function lockKey(name: string): bigint {
  return createHash("sha256").update(`gigstream-payments ${name}`).digest().readBigInt64BE();
}
