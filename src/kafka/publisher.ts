import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createBatchSender, type Acknowledged, type BatchSenderDeps } from "./batch-sender.ts";
import { recordRefusal } from "./kafka-errors.ts";
import type { OutgoingRecord, RefusedRecord } from "./outgoing-record.ts";
import { groupByTopic, inChunks } from "./publish-chunks.ts";
import type { NumberedRecord } from "./publish-chunks.ts";
import { RECORD_BYTES_MAX } from "./topics.ts";

export interface Publisher {
  /**
   * Resolves when every record that is not in `refused` is acknowledged by all in-sync replicas. One call at a time.
   * Waits while Kafka cannot be reached. Throws `PaymentError`: PUBLISH_IN_DOUBT (reconcile), where some or all may
   * have been written, or KAFKA_UNAVAILABLE (retry) when stopped while waiting. After either, publishing the same
   * records again is safe: events are delivered at least once, with the same event id.
   */
  readonly publish: (records: readonly OutgoingRecord[]) => Promise<PublishResult>;
  /** Waits for the send in flight, for a few seconds, and disconnects. */
  readonly stop: () => Promise<void>;
}

export interface PublishResult {
  readonly refused: readonly RefusedRecord[];
  /** Where those that were taken lie now, in the order in which they were sent. */
  readonly acknowledged: readonly Acknowledged[];
}

const STOP_DEADLINE_MS = 5_000;

/** The relay's way out: one send in flight over all topics, so that records of one key stay in order. */
export function createPublisher(deps: BatchSenderDeps): Publisher {
  const sender = createBatchSender(deps);
  const stopping = new AbortController();
  let inFlight: Promise<unknown> | undefined;

  return {
    async publish(records) {
      assert(inFlight === undefined, "publish() is already in flight");
      const sent = publishAll(records);
      inFlight = sent.catch(() => undefined);
      try {
        return await sent;
      } finally {
        inFlight = undefined;
      }
    },
    async stop() {
      stopping.abort();
      await Promise.race([inFlight, delay(STOP_DEADLINE_MS, undefined, { ref: false })]);
      await sender.disconnect();
    },
  };

  async function publishAll(records: readonly OutgoingRecord[]): Promise<PublishResult> {
    const refused: RefusedRecord[] = [];
    const acknowledged: Acknowledged[] = [];
    for (const chunk of inChunks(records, RECORD_BYTES_MAX, refused)) {
      const sent = await sendOrHalve(chunk);
      refused.push(...sent.refused);
      acknowledged.push(...sent.acknowledged);
    }
    return { refused, acknowledged };
  }

  /** A batch with a record that the broker refuses is halved until that record stands alone. */
  async function sendOrHalve(chunk: readonly NumberedRecord[]): Promise<PublishResult> {
    try {
      const acknowledged = await sender.send(groupByTopic(chunk), stopping.signal);
      return { refused: [], acknowledged };
    } catch (error) {
      const reason = recordRefusal(error);
      const [first] = chunk;
      if (reason === undefined || first === undefined) throw error;
      if (chunk.length === 1)
        return { refused: [{ index: first.index, reason }], acknowledged: [] };
      const middle = Math.ceil(chunk.length / 2);
      const one = await sendOrHalve(chunk.slice(0, middle));
      const other = await sendOrHalve(chunk.slice(middle));
      return {
        refused: [...one.refused, ...other.refused],
        acknowledged: [...one.acknowledged, ...other.acknowledged],
      };
    }
  }
}
