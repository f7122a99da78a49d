/**
 * The relay: the outbox's rows go to Kafka, oldest first, and are then marked. A crash in between publishes some again,
 * with the same event ids: consumers dedupe by them. Nothing is decided here.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Database } from "../database/pool.ts";
import { restoreHeaders } from "../database/stored-headers.ts";
import { PaymentError } from "../errors.ts";
import { failpoint } from "../failpoint.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { Alarm } from "../payment/alarm.ts";
import type { Published } from "../payment/published.ts";
import type { TracedPayment, Tracing } from "../tracing/tracing.ts";
import type { Wake } from "../wake.ts";
import type { OwnRange } from "./move-own-offsets.ts";
import { markPublished, markRefused, type RefusedRow } from "./mark-rows.ts";
import { readUnpublished, type OutboxRow } from "./read-unpublished.ts";

/** Kafka, as the relay needs it: resolves when all but the refused are acknowledged by every in-sync replica. */
export interface PublishPort {
  publish(
    records: readonly {
      readonly topic: string;
      readonly key: Buffer | null;
      readonly value: Buffer | null;
      readonly headers: Record<string, Buffer | Buffer[]>;
    }[],
  ): Promise<{
    readonly refused: readonly { readonly index: number; readonly reason: string }[];
    /** Where those that were taken lie now, in the order in which they were sent; absent: it cannot say. */
    readonly acknowledged?: readonly OwnRange[];
  }>;
}

export interface RelayDeps {
  readonly pool: Database;
  readonly publisher: PublishPort;
  readonly log: Logger;
  /** Rung when rows were committed. */
  readonly wake: Wake;
  readonly onAlarm: (alarm: Alarm) => void;
  /** Told of each record once, after it was marked. Never throws. */
  readonly onPublished: (published: Published) => void;
  readonly metrics: Pick<Metrics, "publishFailures" | "batch">;
  readonly tracing: Pick<Tracing, "batch">;
}

/** The back-stop where no bell rings: rows of another instance whose announcement was lost. */
const POLL_MS = 500;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 2_000;

/** Relays until the signal aborts, one batch in flight; for whoever holds the relay's lease. */
export async function runRelay(deps: RelayDeps, signal: AbortSignal): Promise<void> {
  let backOffMs = BACKOFF_FIRST_MS;
  let isFailing = false;
  while (!signal.aborted) {
    try {
      const { isMore } = await relayOnce(deps);
      backOffMs = BACKOFF_FIRST_MS;
      if (isFailing) deps.log.info("relaying again");
      isFailing = false;
      // What was committed meanwhile has rung, and a ring is remembered.
      if (!isMore) await deps.wake.heard(POLL_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isFailing)
        deps.log.warn({ err: error }, "not relayed; publishing the same events again");
      isFailing = true;
      await delay(backOffMs, undefined, { signal }).catch(() => undefined);
      backOffMs = Math.min(backOffMs * 2, BACKOFF_MAX_MS);
    }
  }
}

/** What became of one batch: how many rows it dealt with, and whether there is another one at once. */
export interface Relayed {
  readonly relayed: number;
  readonly isMore: boolean;
}

/** Publishes and marks one batch. Throws `PaymentError`; then nothing was marked. */
export async function relayOnce(deps: RelayDeps): Promise<Relayed> {
  const { rows, isMore } = await readUnpublished(deps.pool);
  if (rows.length === 0) return { relayed: 0, isMore: false };
  await failpoint("relay.read");
  const { refused, acknowledged = [] } = await publishRows(deps, rows);
  const acknowledgedAtMs = performance.now();
  await failpoint("relay.produced");
  const refusedRows = refused.flatMap(({ index, reason }): RefusedRow[] => {
    const row = rows[index];
    return row ? [{ id: row.id, paymentId: row.payment_id, reason }] : [];
  });
  await park(deps, refusedRows);
  const taken = rows.filter(({ id }) => !refusedRows.some((row) => row.id === id));
  const ids = taken.map(({ id }) => id);
  const published = await markPublished(deps.pool, ids, acknowledgedAtMs, acknowledged);
  tell(deps, published, ids);
  await failpoint("relay.marked");
  return { relayed: rows.length, isMore };
}

async function publishRows(deps: RelayDeps, rows: readonly OutboxRow[]) {
  const { publisher, metrics, tracing } = deps;
  const payments = rows.flatMap(tracedOf);
  const startedAt = new Date();
  const records = rows.map(({ topic, key, payload, headers }) => ({
    topic,
    key,
    value: payload,
    headers: restoreHeaders(headers),
  }));
  try {
    const published = await publisher.publish(records);
    tracing.batch({ name: "publish", startedAt, payments });
    return published;
  } catch (error) {
    metrics.publishFailures.add({});
    const errorType = error instanceof PaymentError ? error.code : "_OTHER";
    tracing.batch({ name: "publish", startedAt, payments, errorType });
    throw error;
  }
}

/** By the context that its record carries. */
function tracedOf({ payment_id: paymentId, generation, headers }: OutboxRow): TracedPayment[] {
  if (paymentId === null || generation === null) return [];
  const traceparent: unknown = headers["traceparent"];
  return typeof traceparent === "string" ? [{ paymentId, generation, traceparent }] : [];
}

function tell(deps: RelayDeps, published: Published, ids: readonly bigint[]): void {
  deps.onPublished(published);
  if (published.records > 0) deps.metrics.batch.observe({ stage: "relay" }, published.records);
  const twice = ids.length - published.records;
  if (twice > 0)
    deps.log.warn({ twice, among: ids.map(String) }, "published twice: two relays for a moment");
}

async function park(deps: RelayDeps, refused: readonly RefusedRow[]): Promise<void> {
  await markRefused(deps.pool, refused);
  for (const { id, paymentId, reason } of refused) {
    const details = { outboxId: String(id), reason };
    const alarm: Alarm = { kind: "publish_refused", paymentId, generation: null, details };
    deps.log.error({ alarm }, "Kafka will not take this event; it is parked");
    deps.onAlarm(alarm);
  }
}
