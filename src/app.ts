/**
 * The whole line: Kafka → intake → acceptance (commit 1) → dispatch (commit 2) → the chain → follow → settlement
 * (commit 3) → relay → Kafka. Each stage resumes at the last commit, by the same code as its first run.
 */
import { once } from "node:events";
import { pid } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { acceptBatch } from "./acceptance/accept-batch.ts";
import { runRecheck } from "./acceptance/recheck.ts";
import { connectOrEnd } from "./connect-or-end.ts";
import type { Untraced } from "./connect.ts";
import { holdLease } from "./database/lease.ts";
import type { Lane } from "./dispatch/rail.ts";
import { createDoubtSweep } from "./doubt-sweep.ts";
import { runLane } from "./dispatch/run-lane.ts";
import { failpoint } from "./failpoint.ts";
import { followChain } from "./follow/follow-chain.ts";
import { serveMetrics } from "./http/serve-metrics.ts";
import { createIntake } from "./intake/create-intake.ts";
import { runConsumer, type RunningConsumer } from "./kafka/consumer.ts";
import { createPublisher, type Publisher } from "./kafka/publisher.ts";
import { confirmTransfers } from "./confirm-transfers.ts";
import { timeCalls } from "./metrics/time-calls.ts";
import { noteOffsetAlarm } from "./note-offset-alarm.ts";
import { watchDeps } from "./restore-deps.ts";
import { watchRestores, type RestoreWatch } from "./restore/watch-restores.ts";
import { relayDeps } from "./relay-deps.ts";
import { runLiveSequencer } from "./run-live-sequencer.ts";
import { runHeartbeat } from "./run-heartbeat.ts";
import { runRelay } from "./relay/run-relay.ts";
import { runSamplers } from "./run-samplers.ts";
import { runWebhooks, webhookPort } from "./run-webhooks.ts";
import { listenForApi, serveApi } from "./serve-api.ts";
import { loadCursor } from "./settlement/cursor.ts";
import { createAnnouncedPaidSweep } from "./settlement/sweep-announced-paid.ts";
import { createStoredSweep } from "./settlement/sweep-stored.ts";
import {
  acceptanceDeps,
  dispatchDeps,
  followDeps,
  instanceOf,
  readerOf,
  settleDeps,
  type Connected,
} from "./stage-deps.ts";
import { sweep } from "./sweep.ts";
import { startTracing } from "./tracing/start-tracing.ts";
import { until } from "./until.ts";
import { verifyEveryMinute } from "./verify-every-minute.ts";

/** More than any topic of ours has: each partition waits for Postgres on its own. */
const PARTITIONS_CONCURRENTLY = 64;
const READY_POLL_MS = 25;

/** Runs until the signal aborts, then lets every stage finish what it holds. Waits for parts that are away. */
export async function runApp(process: Untraced, signal: AbortSignal): Promise<void> {
  const { config, log, metrics } = process;
  log.info({ rail: config.PAYMENT_RAIL, pid }, "starting");
  const line = new AbortController();
  const signals = { starting: signal, running: line.signal };
  serveMetrics(
    { log, render: (accept) => metrics.render(accept) },
    config.METRICS_PORT,
    line.signal,
  );
  const tracing = await startTracing(config, log);
  const listening = listenForApi(process);
  const connected = await connectOrEnd({ ...process, tracing }, signals, { line, listening });
  if (!connected) return;
  const timeCall = timeCalls(metrics, "kafka");
  const publisher = createPublisher({ kafka: connected.kafka, log, timeCall });
  const watch = watchRestores(watchDeps(connected), line.signal);
  const consumer = consume(connected, watch, line.signal);
  const api = { listening, consumer, watch, webhooks: webhookPort(connected) };
  const onHeld = (lease: string, isHeld: boolean) => metrics.leases.set({ lease }, isHeld ? 1 : 0);
  const database = { databaseUrl: config.DATABASE_URL, log, onHeld };
  const hold = (name: string, work: (held: AbortSignal) => Promise<void>) =>
    holdLease(database, name, work, line.signal);
  const stages = [
    serveApi(connected, api, { stopping: signal, running: line.signal }),
    watch.ended,
    recheck(connected, watch, line.signal),
    ...connected.lanes.map((lane) =>
      hold(lane.id, (held) =>
        watch.whileClosed((closed) => dispatch(connected, lane, closed), held),
      ),
    ),
    config.PAYMENT_METHOD === "transfer"
      ? hold(`transfers:${config.ARC_CHAIN_ID}`, (held) => confirmTransfers(connected, watch, held))
      : hold(`follow:${config.ARC_CHAIN_ID}:${config.PAY_ONCE_ADDRESS}`, (held) =>
          followAndVerify(connected, watch, held),
        ),
    hold("relay", (held) => relayAndNumber(connected, { publisher, watch }, held)),
    runWebhooks(connected, api, line.signal),
    runSamplers(connected, consumer, line.signal),
    runHeartbeat(connected, watch, hold),
  ];
  try {
    await untilJoined(consumer, signal);
    if (!signal.aborted) log.info({ rail: config.PAYMENT_RAIL }, "ready");
    await untilAborted(signal);
  } finally {
    await Promise.all([
      consumer.stop(config.SHUTDOWN_TIMEOUT_MS / 2),
      listening.close(config.SHUTDOWN_TIMEOUT_MS / 2),
    ]);
    await failpoint("shutdown.drained");
    line.abort();
    await Promise.allSettled(stages);
    await publisher.stop();
    await connected.signals.closed;
    await connected.pool.end();
    await tracing.stop(config.SHUTDOWN_TIMEOUT_MS / 4);
  }
}

/** Kafka → commit 1. Where to read on is decided by the offsets in Postgres. */
export function consume(
  connected: Connected,
  watch: RestoreWatch,
  signal: AbortSignal,
): RunningConsumer {
  const { config, log, metrics, pool, kafka, codec } = connected;
  const acceptance = acceptanceDeps(connected);
  const intake = createIntake({
    pool,
    log,
    metrics,
    signal,
    async accept(input) {
      await until(watch.checked, signal);
      return acceptBatch(acceptance, input);
    },
    decodeTaskCompleted: (value) => codec.decodeTaskCompleted(value),
  });
  return runConsumer(
    { kafka, log, offsets: intake.offsets },
    {
      groupId: config.KAFKA_GROUP_ID,
      topic: config.TOPIC_TASK_COMPLETED,
      sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
      partitionsConcurrently: PARTITIONS_CONCURRENTLY,
    },
    {
      onRecords: intake.onRecords,
      onAlarm: (alarm) => noteOffsetAlarm(connected, alarm),
      onJoin: () => metrics.rebalances.add({}),
    },
  );
}

/** Looks again at payments that were accepted before their task or worker was known. */
export async function recheck(
  connected: Connected,
  { checked }: RestoreWatch,
  signal: AbortSignal,
): Promise<void> {
  await until(checked, signal).catch(() => undefined);
  await runRecheck(acceptanceDeps(connected), connected.bells.recheck, signal);
}

/** Commit 2 → Circle or the chain, for one lane; once it is stored where following begins, or it might begin behind a send. */
export async function dispatch(
  connected: Connected,
  lane: Lane,
  signal: AbortSignal,
): Promise<void> {
  const { pool, config } = connected;
  if (lane.method === "payonce") {
    while (!signal.aborted && !(await loadCursor(pool, instanceOf(config)))) {
      await delay(READY_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  const wake = connected.laneBells.get(lane.id) ?? connected.bells.dispatch;
  const news = lane.rail === "circle" ? { news: connected.bells.tend } : {};
  await runLane({ ...dispatchDeps(connected, wake), ...news }, lane, signal);
}

/** Whoever follows the chain verifies as well. */
async function followAndVerify(connected: Connected, watch: RestoreWatch, signal: AbortSignal) {
  const verifying = verifyEveryMinute(connected, watch, signal);
  await Promise.all([follow(connected, watch, signal), verifying]);
}

/** The chain → commit 3, and reverted sends back to dispatch. */
export async function follow(
  connected: Connected,
  watch: RestoreWatch,
  signal: AbortSignal,
): Promise<void> {
  const { log } = connected;
  // What a restored database does not know would look like a broken invariant.
  await until(watch.checked, signal).catch(() => undefined);
  const reader = readerOf(connected);
  const settling = settleDeps(connected);
  const sweepStored = createStoredSweep(settling);
  const sweepAnnounced = createAnnouncedPaidSweep({ ...settling, chain: reader });
  const sweeping = [
    sweep({ log }, "waiting payments that the chain has settled", sweepStored, signal),
    sweep({ log }, "payments whose outcome our own topics know", sweepAnnounced, signal),
    sweep({ log }, "payments in doubt", createDoubtSweep(connected, reader, watch), signal),
  ];
  await followChain(followDeps(connected, reader), {}, signal);
  await Promise.all(sweeping);
}

/** The outbox → Kafka, once our own topics were asked whether they hold more than this database remembers. */
export async function relay(
  connected: Connected,
  { publisher, watch }: { readonly publisher: Publisher; readonly watch: RestoreWatch },
  signal: AbortSignal,
): Promise<void> {
  await until(watch.checked, signal).catch(() => undefined);
  await runRelay(relayDeps(connected, publisher), signal);
}

/** Live events get their numbers beside the relay, whether Kafka is there or not. */
async function relayAndNumber(
  connected: Connected,
  parts: Parameters<typeof relay>[1],
  signal: AbortSignal,
): Promise<void> {
  const numbering = runLiveSequencer(connected, parts.watch, signal);
  await Promise.all([relay(connected, parts, signal), numbering]);
}

async function untilJoined(consumer: RunningConsumer, signal: AbortSignal): Promise<void> {
  while (!consumer.isJoined() && !signal.aborted) {
    await delay(READY_POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
