import { assertDeployment, preflight } from "./arc/preflight.ts";
import { createRpc, type Rpc } from "./arc/rpc.ts";
import { timedRpc } from "./arc/timed-rpc.ts";
import { createBells } from "./bells.ts";
import type { Config } from "./config.ts";
import { codecOf, databaseOf, kafkaOf, topicsOf } from "./connections.ts";
import { connectSignals } from "./database/listen.ts";
import { migrate } from "./database/migrate.ts";
import type { Database } from "./database/pool.ts";
import { translateDatabaseError } from "./database/translate-error.ts";
import { bindDeployment, countOfOtherRails } from "./deployment.ts";
import { dispositionOf, PaymentError } from "./errors.ts";
import { ensureTopics, topicSpecs } from "./kafka/topics.ts";
import { untilAvailable } from "./kafka/until-available.ts";
import { createLanes } from "./lanes.ts";
import type { CommonQueryMethods } from "slonik";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics/create-metrics.ts";
import { timeCalls } from "./metrics/time-calls.ts";
import { instanceOf, type Connected } from "./stage-deps.ts";
import { createServerWatch, type ServerWatch } from "./restore/watch-server.ts";
import type { Tracing } from "./tracing/tracing.ts";
import { createForming } from "./dispatch/forming.ts";

/** A new topic's; one that exists keeps its own number. Six keep an instance's cores busy and let a few share. */
const PARTITIONS = 6;

/** What a process has before it is connected to anything. */
interface Process {
  readonly config: Config;
  readonly log: Logger;
  /** A command's are scraped by nobody. */
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** The chain's nodes; those of ARC_RPC_URL unless given. */
  readonly rpc?: Rpc;
}
/** As a process begins: tracing is started by its settings. */
export type Untraced = Omit<Process, "tracing">;

interface Signals {
  /** Ends the waiting for parts that are away. */
  readonly starting: AbortSignal;
  /** Ends what stays connected. */
  readonly running: AbortSignal;
}

/**
 * Connects everything outside, all at once, each waited for with one log line while it is away. Throws what waiting
 * cannot mend, before anything was consumed or sent: DEPLOYMENT_MISMATCH, REGISTRY_INCOMPATIBLE.
 */
export async function connect(
  { config, log, metrics, tracing, rpc: nodes }: Process,
  signals: Signals,
): Promise<Connected> {
  const failed = new AbortController();
  const signal = AbortSignal.any([signals.starting, failed.signal]);
  const rpc = timedRpc(
    nodes ?? createRpc({ urls: config.ARC_RPC_URL }),
    timeCalls(metrics, "chain"),
  );
  const kafka = kafkaOf(config, log);
  const server = createServerWatch(log);
  const waitFor = <T>(part: string, attempt: () => Promise<T>) =>
    untilAvailable(
      { log, signal },
      { part, attempt, isAway: (error) => dispositionOf(error) === "retry" },
    );
  const parts = [
    codecOf(config, { log, signal, timeCall: timeCalls(metrics, "registry") }),
    waitFor("The chain or Circle", async () => {
      const found = await createLanes({ config, rpc, log, metrics }, signal);
      await checkChain(
        config,
        rpc,
        found.lanes.flatMap(({ operators }) => operators),
      );
      return found;
    }),
    waitFor("Postgres", () => openDatabase(config, log, server)),
    ensureTopics({ kafka, log, signal }, topicSpecs(topicsOf(config), PARTITIONS)),
  ] as const;
  const [codec, { lanes, notificationKeys }, pool] = await Promise.all(parts).catch(
    async (error: unknown) => {
      // What goes on waiting, or stays open, would keep a process alive that has nothing left to do.
      failed.abort();
      const [, , database] = await Promise.allSettled(parts);
      if (database.status === "fulfilled") await database.value.end();
      throw error;
    },
  );
  const bells = createBells(lanes.map(({ id }) => id));
  const database = { databaseUrl: config.DATABASE_URL, log };
  return {
    config,
    log,
    metrics,
    tracing,
    pool,
    server,
    rpc,
    kafka,
    codec,
    lanes,
    notificationKeys,
    operators: lanes.flatMap(({ operators }) => operators),
    ...bells,
    forming: createForming(),
    signals: connectSignals(database, bells.bells, signals.running),
  };
}

async function checkChain(config: Config, rpc: Rpc, operators: readonly string[]): Promise<void> {
  const currencies = config.PAYMENT_CURRENCIES;
  const tokens = Object.fromEntries(currencies.map((name) => [name, config.tokens[name]]));
  assertDeployment(await preflight(rpc, { ...instanceOf(config), operators, tokens }));
}

async function openDatabase(config: Config, log: Logger, server: ServerWatch): Promise<Database> {
  const look = (connection: CommonQueryMethods) => server.look(connection);
  const pool = await databaseOf(config, look, { looksUpByKeys: true });
  try {
    await assertMigrated(config);
    await bindDeployment(pool, instanceOf(config));
    await reportOtherRails(pool, config, log);
    return pool;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function reportOtherRails(pool: Database, config: Config, log: Logger): Promise<void> {
  const count = await countOfOtherRails(pool, config.PAYMENT_RAIL);
  if (count === 0) return;
  log.error({ count }, "payments of another rail are not sent: serve with that PAYMENT_RAIL first");
}

async function assertMigrated(config: Config): Promise<void> {
  const { pending } = await migrate(config.DATABASE_URL, { check: true }).catch(
    (error: unknown) => {
      throw error instanceof PaymentError ? error : translateDatabaseError(error);
    },
  );
  if (pending.length === 0) return;
  const message = `Migrations are pending (${pending.join(", ")}): run gigpay migrate first.`;
  throw new PaymentError("DEPLOYMENT_MISMATCH", "reject", message);
}
