import { setTimeout as delay } from "node:timers/promises";
import type { Admin, Consumer } from "kafkajs";
import type { Assignment } from "./assignment.ts";
import { startOffsetCommits } from "./commit-offsets.ts";
import type { ConsumerDeps, ConsumerHandlers, ConsumerSettings } from "./consumer-ports.ts";
import { createSession } from "./consumer-session.ts";
import type { ConsumerSession } from "./consumer-session.ts";
import { reasonOf } from "./until-available.ts";

/** One kafkajs consumer, from its joining the group until it crashes or is closed. */
export interface ConsumerLife {
  /** Resolves with the reason when it crashed or stalled. */
  readonly ended: Promise<string>;
  readonly assignment: () => Assignment | undefined;
  /** When the broker last answered a fetch; null: not yet. */
  readonly fetchedAt: () => Date | null;
  /** Stops fetching, waits for the batches in flight for `deadlineMs`, commits, and leaves the group. */
  readonly close: (deadlineMs: number) => Promise<void>;
}

const SESSION_TIMEOUT_MS = 6_000;
/** Several may be lost before the member is. */
const HEARTBEATS_PER_SESSION = 6;
/** A member that does not rejoin in this time holds up all others. Ours leave their batch within a second. */
const REBALANCE_TIMEOUT_MS = 10_000;
const FETCH_WAIT_MAX_MS = 100;
/** Small, so that one partition's backlog does not hold up the others of its broker; a larger record still comes. */
const FETCH_PARTITION_BYTES_MAX = 262_144;

const HOUSEKEEPING_INTERVAL_MS = 10_000;
/** kafkajs fetches ten times a second when idle. Silent for this long with nothing in flight: it is dead inside. */
const STALL_MS = 90_000;
const LEAVE_DEADLINE_MS = 5_000;

/** Connects, joins the group and begins to deliver. Throws where any of it fails, with nothing left behind. */
export async function startConsumerLife(
  deps: ConsumerDeps,
  settings: ConsumerSettings,
  handlers: ConsumerHandlers,
): Promise<ConsumerLife> {
  const consumer = createConsumer(deps, settings);
  const admin = deps.kafka.admin();
  const session = createSession(deps, { consumer, admin }, { settings, handlers });
  const vitals = watchVitals(consumer, session, handlers);
  try {
    await Promise.all([consumer.connect(), admin.connect()]);
    await consumer.subscribe({ topic: settings.topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: settings.partitionsConcurrently,
      eachBatch: session.handleBatch,
    });
    // run() resolves also when the first join failed; the crash event tells.
    const crash = vitals.crash();
    if (crash !== undefined) throw crash;
  } catch (error) {
    vitals.stop();
    session.end();
    await disconnect(consumer, admin);
    throw error;
  }
  const commits = startOffsetCommits({ consumer, log: deps.log, topic: settings.topic }, () =>
    session.assignment(),
  );
  return {
    ended: vitals.ended,
    assignment: session.assignment,
    fetchedAt: vitals.fetchedAt,
    async close(deadlineMs) {
      vitals.stop();
      commits.stop();
      await session.drain(deadlineMs);
      await withinDeadline(commits.commitNow());
      session.end();
      await disconnect(consumer, admin);
    },
  };
}

function createConsumer({ kafka }: ConsumerDeps, settings: ConsumerSettings): Consumer {
  const { groupId, sessionTimeoutMs = SESSION_TIMEOUT_MS } = settings;
  return kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / HEARTBEATS_PER_SESSION),
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    minBytes: 1,
    maxWaitTimeInMs: FETCH_WAIT_MAX_MS,
    maxBytesPerPartition: FETCH_PARTITION_BYTES_MAX,
    allowAutoTopicCreation: false,
    // kafkajs starts itself again after some crashes and stays dead after others. We start a new one after each.
    retry: { restartOnFailure: async () => false },
  });
}

interface Vitals {
  readonly ended: Promise<string>;
  readonly crash: () => Error | undefined;
  readonly fetchedAt: () => Date | null;
  readonly stop: () => void;
}

function watchVitals(
  consumer: Consumer,
  session: ConsumerSession,
  { onJoin }: ConsumerHandlers,
): Vitals {
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  let crash: Error | undefined;
  let fetchedAtMs = performance.now();
  let fetchedAt: Date | null = null;
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    crash = payload.error;
    end(reasonOf(payload.error));
  });
  consumer.on(consumer.events.FETCH, () => {
    fetchedAtMs = performance.now();
    fetchedAt = new Date();
  });
  consumer.on(consumer.events.GROUP_JOIN, () => onJoin?.());
  const timer = setInterval(() => {
    // It reports what it finds through alarms, and waits out what is away; what is left is a consumer that ended.
    void session.checkIdle().catch(() => undefined);
    const silentMs = performance.now() - fetchedAtMs;
    if (silentMs > STALL_MS && !session.isBusy()) end(`no fetch for ${Math.round(silentMs)} ms`);
  }, HOUSEKEEPING_INTERVAL_MS);
  return {
    ended,
    crash: () => crash,
    fetchedAt: () => fetchedAt,
    stop: () => clearInterval(timer),
  };
}

/** Bounded: with its broker away, kafkajs may wait for ever for an answer to its good-bye. */
async function disconnect(consumer: Consumer, admin: Admin): Promise<void> {
  await withinDeadline(Promise.allSettled([consumer.disconnect(), admin.disconnect()]));
}

async function withinDeadline(work: Promise<unknown>): Promise<void> {
  await Promise.race([work, delay(LEAVE_DEADLINE_MS, undefined, { ref: false })]);
}
