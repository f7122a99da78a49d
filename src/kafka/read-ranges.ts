import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import { toKafkaRecord, type KafkaRecord } from "./kafka-record.ts";

/** A part of a partition: from an offset to the one before `to`. */
export interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

export interface RangeBatch {
  readonly range: Range;
  /** In order; empty where the log has only gaps left. */
  readonly records: readonly KafkaRecord[];
  /** Everything from here … */
  readonly fromOffset: bigint;
  /** … to the one before this is in it. */
  readonly nextOffset: bigint;
}

/** Longer without a record means that the broker is gone, or the range with it (retention). */
const SILENCE_MAX_MS = 20_000;
const SESSION_TIMEOUT_MS = 10_000;

/**
 * Reads these ranges to their ends, batch by batch, and commits nothing. kafkajs reads only as a member of a group, so
 * it joins one of its own, which nobody else may use meanwhile. Rejects where Kafka fails or stays silent, with what was
 * delivered so far delivered.
 */
export async function readRanges(
  kafka: Kafka,
  { groupId, ranges }: { readonly groupId: string; readonly ranges: readonly Range[] },
  onBatch: (batch: RangeBatch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  // Each as what is left of it.
  const open = new Map(
    ranges.filter(({ from, to }) => from < to).map((range) => [keyOf(range), range]),
  );
  if (open.size === 0) return;
  const consumer = createReader(kafka, groupId);
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined);
  const silence = watchSilence(() => ended.reject(new Error("no record came any more")));
  const onAbort = () => ended.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  consumer.on(consumer.events.CRASH, ({ payload }) => ended.reject(payload.error));
  consumer.on(consumer.events.GROUP_JOIN, () => {
    for (const { topic, partition, from } of open.values()) {
      consumer.seek({ topic, partition, offset: from.toString() });
    }
  });
  try {
    signal.throwIfAborted();
    await consumer.connect();
    await consumer.subscribe({ topics: [...new Set(ranges.map(({ topic }) => topic))] });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        silence.heard();
        await deliver(payload, open, onBatch).catch(ended.reject);
        if (open.size === 0) ended.resolve();
      },
    });
    await ended.promise;
  } finally {
    silence.stop();
    signal.removeEventListener("abort", onAbort);
    await consumer.disconnect();
  }
}

function createReader(kafka: Kafka, groupId: string): Consumer {
  return kafka.consumer({
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    retry: { restartOnFailure: async () => false },
  });
}

async function deliver(
  payload: EachBatchPayload,
  open: Map<string, Range>,
  onBatch: (batch: RangeBatch) => Promise<void>,
): Promise<void> {
  const { batch } = payload;
  const { topic, partition, messages } = batch;
  const range = open.get(keyOf({ topic, partition }));
  const last = messages.at(-1);
  // Control records of a transaction leave gaps: an empty batch, or one that ends beyond the range.
  const lastOffset = last ? BigInt(last.offset) : BigInt(batch.lastOffset());
  payload.resolveOffset(lastOffset.toString());
  if (!range) return;
  const records = messages
    .map((message) => toKafkaRecord(topic, partition, message))
    .filter(({ offset }) => offset >= range.from && offset < range.to);
  const nextOffset = lastOffset + 1n < range.to ? lastOffset + 1n : range.to;
  if (nextOffset <= range.from) return;
  await onBatch({ range, records, fromOffset: range.from, nextOffset });
  if (nextOffset >= range.to) open.delete(keyOf(range));
  else open.set(keyOf(range), { ...range, from: nextOffset });
  await payload.heartbeat();
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

function watchSilence(onSilence: () => void) {
  let timer = setTimeout(onSilence, SILENCE_MAX_MS);
  return {
    heard() {
      clearTimeout(timer);
      timer = setTimeout(onSilence, SILENCE_MAX_MS);
    },
    stop: () => clearTimeout(timer),
  };
}
