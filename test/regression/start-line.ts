import { setTimeout as delay } from "node:timers/promises";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { createRpc } from "../../src/arc/rpc.ts";
import { confirmTransfers } from "../../src/confirm-transfers.ts";
import { loadConfig } from "../../src/config.ts";
import { kafkaOf } from "../../src/connections.ts";
import { connectSignals } from "../../src/database/listen.ts";
import type { Database } from "../../src/database/pool.ts";
import { runLane } from "../../src/dispatch/run-lane.ts";
import { followChain } from "../../src/follow/follow-chain.ts";
import { createDecoder } from "../../src/kafka/decode.ts";
import { createOutcomeDecoder } from "../../src/kafka/decode-outcome.ts";
import { createEncoder } from "../../src/kafka/encode.ts";
import { createTaskEncoder } from "../../src/kafka/encode-task.ts";
import { createLanes } from "../../src/lanes.ts";
import { createLog } from "../../src/log.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { getPayment, type PaymentDetail } from "../../src/queries/get-payment.ts";
import { createServerWatch } from "../../src/restore/watch-server.ts";
import { loadCursor } from "../../src/settlement/cursor.ts";
import {
  acceptanceDeps,
  dispatchDeps,
  followDeps,
  instanceOf,
  readerOf,
  type Connected,
} from "../../src/stage-deps.ts";
import { createForming } from "../../src/dispatch/forming.ts";
import { createPatientWake, createWake } from "../../src/wake.ts";
import { fromHttp, taskCompleted } from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import type { LineWorld } from "./line-world.ts";
import { unobserved } from "../support/unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

const GIVE_UP_MS = 30_000;
const POLL_MS = 25;

/** The service between Kafka and Kafka, wired by its own code, on a database of its own: acceptance to settlement. */
export interface Line extends AsyncDisposable {
  readonly pool: Database;
  readonly connected: Connected;
  /** Accepts events as Kafka's, in one batch. */
  submit(...events: Partial<TaskCompleted>[]): Promise<void>;
  /** The payment of a task of platform-1, or of another platform. */
  payment(taskId: string, platformId?: string): Promise<PaymentDetail>;
  /** Waits until the payment is as described, or fails with what it is instead. */
  until(
    taskId: string,
    isSo: (payment: PaymentDetail) => boolean,
    platformId?: string,
  ): Promise<PaymentDetail>;
  /** Waits until so many further blocks have been settled. */
  blocks(count: number): Promise<void>;
}

export async function startLine(
  world: LineWorld,
  rail: "circle" | "arc",
  settings: Record<string, string> = {},
): Promise<Line> {
  await using starting = new AsyncDisposableStack();
  const { pool, url } = starting.use(await freshDatabase());
  const running = new AbortController();
  const connected = await connectTo(world, { rail, url, pool, settings }, running.signal);
  const [lane] = connected.lanes;
  if (!lane) throw new Error("no lane");
  const startBlock = await readerOf(connected).headNumber();
  const stages = [
    runLane(dispatchDeps(connected, connected.bells.dispatch), lane, running.signal),
    connected.config.PAYMENT_METHOD === "transfer"
      ? confirmTransfers(connected, { isOpen: () => false }, running.signal)
      : follow(connected, startBlock, running.signal),
  ];
  starting.defer(async () => {
    running.abort();
    await Promise.all([...stages, connected.signals.closed]);
  });
  const acceptance = acceptanceDeps(connected);
  const cursor = async () => (await loadCursor(pool, instanceOf(connected.config)))?.number ?? 0n;

  const payment = async (taskId: string, platformId = "platform-1") => {
    const found = await getPayment(pool, paymentIdOf(platformId, taskId));
    if (!found) throw new Error(`no payment of ${taskId}`);
    return found;
  };
  const ended = starting.move();
  return {
    pool,
    connected,
    async submit(...events) {
      const submissions = events.map((event) => fromHttp(taskCompleted(event)));
      await acceptBatch(acceptance, { submissions, offsets: [] });
    },
    payment,
    async until(taskId, isSo, platformId) {
      const endMs = Date.now() + GIVE_UP_MS;
      for (;;) {
        const found = await payment(taskId, platformId);
        if (isSo(found)) return found;
        if (Date.now() > endMs) throw new Error(`it is still ${JSON.stringify(found)}`);
        await delay(POLL_MS);
      }
    },
    async blocks(count) {
      const target = (await cursor()) + BigInt(count);
      const signal = AbortSignal.timeout(GIVE_UP_MS);
      while ((await cursor()) < target) await delay(POLL_MS, undefined, { signal });
    },
    [Symbol.asyncDispose]: () => ended.disposeAsync(),
  };
}

interface Place {
  readonly rail: "circle" | "arc";
  readonly url: string;
  readonly pool: Database;
  readonly settings: Record<string, string>;
}

/** What `connect` does, but for Kafka and its registry, which no test here needs. */
async function connectTo(world: LineWorld, place: Place, signal: AbortSignal): Promise<Connected> {
  const config = loadConfig({ ...environmentOf(world, place), ...place.settings });
  const log = createLog({ level: config.LOG_LEVEL, instanceId: "line" });
  const rpc = createRpc({ urls: config.ARC_RPC_URL });
  const { lanes, notificationKeys } = await createLanes(
    { config, rpc, log, metrics: unobserved },
    signal,
  );
  const bells = {
    dispatch: createWake(),
    relay: createWake(),
    recheck: createWake(),
    tend: createWake(),
    live: createWake(),
  };
  const registry = () => Promise.reject(new Error("there is no registry"));
  return {
    config,
    log,
    metrics: unobserved,
    tracing: untraced,
    pool: place.pool,
    server: createServerWatch(log),
    rpc,
    kafka: kafkaOf(config, log),
    codec: {
      ...createDecoder(registry),
      ...createOutcomeDecoder(registry),
      ...createEncoder({ completed: 1, failed: 2 }),
      ...createTaskEncoder(3),
    },
    lanes,
    notificationKeys,
    operators: lanes.flatMap(({ operators }) => operators),
    forming: createForming(),
    bells,
    laneBells: new Map(lanes.map(({ id }) => [id, bells.dispatch])),
    outcomeBell: createWake(),
    webhookBells: { decided: createWake(), due: createWake() },
    sequencerBell: createPatientWake(0),
    signals: connectSignals({ databaseUrl: place.url, log }, bells, signal),
  };
}

function environmentOf(world: LineWorld, { rail, url }: Place): Record<string, string> {
  const { chain, circle, payOnce, arcOperatorKey } = world;
  const common = {
    LOG_LEVEL: "silent",
    DATABASE_URL: url,
    KAFKA_BROKERS: "localhost:1",
    SCHEMA_REGISTRY_URL: "http://localhost:1",
    PAYMENT_RAIL: rail,
    PAY_ONCE_ADDRESS: payOnce,
    ARC_RPC_URL: chain.rpcUrl,
    ARC_CHAIN_ID: String(chain.chainId),
    PAYMENT_FEE_PERCENTAGE: "2",
  };
  if (rail === "arc") return { ...common, ARC_OPERATOR_PRIVATE_KEYS: arcOperatorKey };
  return {
    ...common,
    CIRCLE_API_KEY: circle.apiKey,
    CIRCLE_ENTITY_SECRET: circle.entitySecret,
    CIRCLE_OPERATOR_WALLET_IDS: circle.operatorWallets.map(({ id }) => id).join(","),
    CIRCLE_BASE_URL: circle.baseUrl,
    CIRCLE_POSTS_PER_SECOND: "50",
  };
}

/** The chain → commit 3, and reverted sends back to dispatch. */
async function follow(
  connected: Connected,
  startBlock: bigint,
  signal: AbortSignal,
): Promise<void> {
  await followChain(followDeps(connected, readerOf(connected)), { startBlock }, signal);
}
