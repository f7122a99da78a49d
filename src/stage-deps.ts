import { createChainReader } from "./arc/chain-reader.ts";
import { createBalanceReader, createFundsReader } from "./arc/funds.ts";
import { createPayOnceCalls } from "./arc/pay-once.ts";
import type { StrayLog } from "./arc/read-logs.ts";
import type { Rpc } from "./arc/rpc.ts";
import { createTransferReader } from "./arc/transfer-reader.ts";
import type { AcceptanceDeps } from "./acceptance/acceptance-deps.ts";
import type { ReplayDeps } from "./acceptance/replay-dead-letter.ts";
import type { Bell, Bells } from "./bells.ts";
import type { Config } from "./config.ts";
import { topicsOf } from "./connections.ts";
import type { Signals } from "./database/listen.ts";
import type { Database } from "./database/pool.ts";
import type { DispatchDeps } from "./dispatch/dispatch-deps.ts";
import type { Forming } from "./dispatch/forming.ts";
import type { FundsReader } from "./dispatch/rail.ts";
import { EVERYTHING, pause } from "./dispatch/pause.ts";
import { releaseSend } from "./dispatch/release-send.ts";
import type { ChainReader } from "./follow/chain-reader.ts";
import type { FollowDeps } from "./follow/follow-chain.ts";
import { readOpenSends } from "./follow/open-sends.ts";
import type { Kafka } from "./kafka/client.ts";
import type { Codec } from "./kafka/codec.ts";
import type { Road } from "./lanes.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics/create-metrics.ts";
import { notingHeads } from "./noting-heads.ts";
import type { Alarm } from "./payment/alarm.ts";
import type { ReviewDeps } from "./operating/review-deps.ts";
import { adoptAnnounced } from "./restore/adopt-announced.ts";
import { openRestore } from "./restore/open-restore.ts";
import type { ServerWatch } from "./restore/watch-server.ts";
import { adoptWithin } from "./settlement/adopt-stored.ts";
import { announceSettled } from "./settlement/settle-logs.ts";
import type { ConfirmDeps } from "./settlement/confirm-transfers.ts";
import { loadCursor, storeFirstCursor } from "./settlement/cursor.ts";
import { raiseAlarm } from "./settlement/raise-alarm.ts";
import { settleBlocks, type SettleBlocksDeps } from "./settlement/settle-blocks.ts";
import type { Tracing } from "./tracing/tracing.ts";
import type { Wake } from "./wake.ts";

/** What the parts outside have been connected to; every stage takes from it what it needs. */
export interface Connected extends Road, Bells {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly pool: Database;
  /** How far this process has seen its database; every new connection of the pool is measured by it. */
  readonly server: ServerWatch;
  readonly rpc: Rpc;
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly signals: Signals<Bell>;
  /** One for all lanes of this process. */
  readonly forming: Forming;
  /** Lower-case addresses that this deployment sends from. */
  readonly operators: readonly string[];
}

/** A record that Kafka refuses concerns no money; everything else may, and stops what moves it. */
export function alarmHandler({ config, log, metrics, pool }: Connected): (alarm: Alarm) => void {
  return ({ kind, details }) => {
    metrics.alarms.add({ kind });
    if (kind === "paid_unknown") {
      const { count, logs } = details as { count: number; logs: unknown };
      openRestore({ db: pool, log }, { kind, count, logs }).catch((error: unknown) =>
        log.error({ err: error }, "could not write down that the database seems to be restored"),
      );
    }
    if (!config.AUTO_PAUSE || kind === "publish_refused") return;
    pause({ database: pool, log }, EVERYTHING, `alarm: ${kind}`, "system").catch((error: unknown) =>
      log.error({ err: error }, "could not pause dispatch after an alarm"),
    );
  };
}

/** A bell of this process, which the other instances hear as well. */
function sharedBell({ bells, signals }: Connected, name: Bell): Wake {
  return {
    ring: () => signals.announce(name),
    heard: (timeoutMs, signal) => bells[name].heard(timeoutMs, signal),
  };
}

export function instanceOf(config: Config) {
  return { chainId: config.ARC_CHAIN_ID, payOnce: config.PAY_ONCE_ADDRESS };
}

/** How old something under way must be to be late: past the deadline of doubt, with a minute for whoever acts on it. */
export function lateAfterMsOf({ PAYMENT_REVIEW_AFTER_MS }: Config): number {
  return PAYMENT_REVIEW_AFTER_MS + 60_000;
}

/** The chain as this deployment reads it: by push where there is a WebSocket. */
export function readerOf(connected: Connected): ReturnType<typeof createChainReader> {
  const { config, rpc, log, metrics } = connected;
  const wsUrl = config.ARC_WS_URL;
  const onStray = (stray: StrayLog) => {
    // The admin's own acts (operators named and revoked) are logs of the instance too.
    if (stray.event === null) log.error({ stray }, "a log of PayOnce that we cannot read");
    else log.info({ stray }, "PayOnce's roles changed");
  };
  const { payOnce } = instanceOf(config);
  const options = wsUrl === null ? {} : { wsUrl };
  return notingHeads(createChainReader({ rpc, payOnce, onStray }, options), metrics);
}

export function settleDeps(connected: Connected): SettleBlocksDeps {
  const { config, log, metrics, tracing, pool, rpc, codec } = connected;
  const topics = topicsOf(config);
  const { payOnce } = instanceOf(config);
  const reader = readerOf(connected);
  const funds = createFundsReader(rpc, payOnce);
  return {
    pool,
    log,
    metrics,
    tracing,
    instance: instanceOf(config),
    tokens: config.tokens,
    topics: { completed: topics.paymentCompleted, failed: topics.paymentFailed },
    encoder: codec,
    rail: config.PAYMENT_RAIL,
    retries: { delaysMs: config.PAYMENT_RETRY_DELAYS_MS },
    reputationPoints: config.REPUTATION_POINTS,
    wakes: {
      relay: sharedBell(connected, "relay"),
      dispatch: sharedBell(connected, "dispatch"),
    },
    pausesOnAlarm: config.AUTO_PAUSE,
    onAlarm: alarmHandler(connected),
    chain: { ...reader, read: (pairs, signal) => funds.read(pairs, signal) },
  };
}

/** Circle's word → the chain's evidence → commit 3, for plain transfers. */
export function confirmDeps(connected: Connected): ConfirmDeps {
  const tokens = Object.values(connected.config.tokens);
  return { ...settleDeps(connected), transfers: createTransferReader(connected.rpc, tokens) };
}

export function acceptanceDeps(connected: Connected): AcceptanceDeps {
  const { config, log, metrics, tracing, pool, codec, signals, operators } = connected;
  const { paymentFailed, deadLetters } = topicsOf(config);
  const payers = connected.lanes.find(({ method }) => method === "transfer")?.payers;
  const settle = settleDeps(connected);
  return {
    pool,
    log,
    metrics,
    tracing,
    settings: {
      ...instanceOf(config),
      rail: config.PAYMENT_RAIL,
      method: config.PAYMENT_METHOD,
      payers: payers ?? null,
      operators,
      tokens: config.tokens,
      currencies: config.PAYMENT_CURRENCIES,
      minAmount: config.PAYMENT_MIN_AMOUNT,
      maxAmount: config.PAYMENT_MAX_AMOUNT,
      fees: { defaultRate: config.PAYMENT_FEE_PERCENTAGE, tiers: config.PAYMENT_FEE_TIERS },
      retryDelaysMs: config.PAYMENT_RETRY_DELAYS_MS,
      risk: {
        workerDailyAmount: config.RISK_WORKER_DAILY_AMOUNT,
        workerHourlyCount: config.RISK_WORKER_HOURLY_COUNT,
        platformDailyAmount: config.RISK_PLATFORM_DAILY_AMOUNT,
      },
      topics: { paymentFailed, deadLetters },
    },
    encodePaymentFailed: (event) => codec.encodePaymentFailed(event),
    async adopt(tx, paymentIds) {
      await adoptAnnounced(tx, paymentIds);
      const settled = await adoptWithin(tx, settle, paymentIds);
      return () => announceSettled(settle, settled);
    },
    announce: (stage) => signals.announce(stage),
  };
}

/** What payers can spend by the way that payments go out. */
export function fundsReaderOf({ config, rpc }: Connected): FundsReader {
  return config.PAYMENT_METHOD === "transfer"
    ? createBalanceReader(rpc, config.tokens.USDC)
    : createFundsReader(rpc, config.PAY_ONCE_ADDRESS);
}

export function dispatchDeps(connected: Connected, wake: Wake): DispatchDeps {
  const { config, log, metrics, tracing, pool } = connected;
  const { chainId, payOnce } = instanceOf(config);
  return {
    database: pool,
    log,
    metrics,
    tracing,
    wake,
    forming: connected.forming,
    calls: createPayOnceCalls(),
    funds: fundsReaderOf(connected),
    chainId,
    payOnce,
    settings: {
      batchMax: config.PAYMENT_BATCH_MAX,
      maxInFlight: config.PAYMENT_MAX_IN_FLIGHT,
      reviewAfterMs: config.PAYMENT_REVIEW_AFTER_MS,
      retryDelaysMs: config.PAYMENT_RETRY_DELAYS_MS,
    },
  };
}

/** What an operator's decision about a payment in review needs. */
export function reviewDeps(connected: Connected): ReviewDeps {
  const wake = sharedBell(connected, "dispatch");
  return {
    settle: settleDeps(connected),
    dispatch: { database: connected.pool, metrics: connected.metrics, wake },
    chain: readerOf(connected),
    transfers: confirmDeps(connected).transfers,
  };
}

/** What replaying dead letters needs: acceptance, and the bytes read again. */
export function replayDeps(connected: Connected): ReplayDeps {
  const { codec } = connected;
  return {
    ...acceptanceDeps(connected),
    decodeTaskCompleted: (value) => codec.decodeTaskCompleted(value),
  };
}

/** The chain → commit 3, and sends that moved nothing back to dispatch. */
export function followDeps(connected: Connected, reader: ChainReader): FollowDeps {
  const { config, log, pool, bells } = connected;
  const instance = instanceOf(config);
  const settle = settleDeps(connected);
  const release = dispatchDeps(connected, bells.dispatch);
  return {
    reader,
    log,
    loadCursor: () => loadCursor(pool, instance),
    storeFirstCursor: (first) => storeFirstCursor(pool, instance, first),
    settle: (blocks) => settleBlocks(settle, blocks),
    openSends: () => readOpenSends(pool, instance),
    onDeadSend: (send) => releaseSend(release, send),
    raiseAlarm: (alarm) => raiseAlarm({ pool, log, onAlarm: alarmHandler(connected) }, alarm),
  };
}
