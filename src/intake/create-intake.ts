import type { Logger } from "pino";
import { outlastOutage } from "../database/outlast-outage.ts";
import type { Database } from "../database/pool.ts";
import type { PartitionBatch, StoredOffsets } from "../kafka/consumer-ports.ts";
import type { KafkaRecord } from "../kafka/kafka-record.ts";
import type { Accept, Submission } from "../payment/submission.ts";
import {
  createAcceptBatcher,
  type AcceptBatcherDeps,
  type DeliveryOutcome,
  type SizedSubmission,
} from "./accept-batcher.ts";
import { loadOffsets } from "./load-offsets.ts";

export interface IntakeDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly metrics: AcceptBatcherDeps["metrics"];
  /** Ends the waiting for parts that are away; what is in flight is finished or rejected. */
  readonly signal: AbortSignal;
  readonly accept: Accept;
  /** Throws a `PaymentError` with disposition retry only where the registry cannot be asked. */
  readonly decodeTaskCompleted: (value: Buffer | null) => Promise<Submission["decoded"]>;
}

export interface Intake {
  /**
   * Resolves when the records and the partition's next offset are durable, or when the stored offset was not the
   * expected one and the rest must be read again. Waits as long as Postgres or the registry are away.
   */
  readonly onRecords: (batch: PartitionBatch) => Promise<DeliveryOutcome>;
  readonly offsets: StoredOffsets;
}

/** The first stage: decodes what Kafka hands over and feeds it to the one accept batcher of all partitions. */
export function createIntake(deps: IntakeDeps): Intake {
  const acceptDelivery = createAcceptBatcher(deps);
  return {
    async onRecords(batch) {
      const receivedAtMs = performance.now();
      const submissions = await outlastOutage(
        deps,
        () => decodeAll(deps, batch.records, receivedAtMs),
        deps.signal,
      );
      const { topic, partition, expectedOffset: expected, nextOffset: next } = batch;
      return acceptDelivery({ submissions, move: { topic, partition, expected, next } });
    },
    offsets: { load: (topic, partitions) => loadOffsets(deps.pool, topic, partitions) },
  };
}

async function decodeAll(
  deps: IntakeDeps,
  records: readonly KafkaRecord[],
  receivedAtMs: number,
): Promise<SizedSubmission[]> {
  const submissions: SizedSubmission[] = [];
  for (const record of records) {
    const decoded = await deps.decodeTaskCompleted(record.value);
    submissions.push({
      submission: {
        source: { kind: "kafka", ...record },
        origin: "live",
        receivedAtMs,
        decoded,
        traceparent: record.headers["traceparent"]?.[0]?.toString("latin1"),
      },
      offset: record.offset,
      bytes: (record.value?.length ?? 0) + (record.key?.length ?? 0),
    });
  }
  return submissions;
}
