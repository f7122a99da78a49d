import type { Delivery, OffsetAlarm, PartitionBatch } from "../../src/kafka/consumer-ports.ts";
import type { KafkaRecord } from "../../src/kafka/kafka-record.ts";

/** What acceptance does with Postgres, in memory: records and offset together, by compare-and-set. */
export interface Ledger {
  readonly stored: Map<number, bigint>;
  readonly records: KafkaRecord[];
  readonly alarms: OffsetAlarm[];
  readonly handlers: {
    onRecords: (batch: PartitionBatch) => Promise<Delivery>;
    onAlarm: (alarm: OffsetAlarm) => void;
  };
  readonly load: () => Promise<Map<number, bigint>>;
  /** "partition:offset" of everything delivered, in order. */
  readonly coordinates: () => string[];
  readonly values: () => string[];
}

export function createLedger(stored = new Map<number, bigint>()): Ledger {
  const records: KafkaRecord[] = [];
  const alarms: OffsetAlarm[] = [];
  return {
    stored,
    records,
    alarms,
    handlers: {
      onRecords: async (batch) => {
        if ((stored.get(batch.partition) ?? null) !== batch.expectedOffset) {
          return { kind: "conflict" };
        }
        stored.set(batch.partition, batch.nextOffset);
        records.push(...batch.records);
        return { kind: "durable" };
      },
      onAlarm: (alarm) => void alarms.push(alarm),
    },
    load: async () => new Map(stored),
    coordinates: () => records.map(({ partition, offset }) => `${partition}:${offset}`),
    values: () => records.map(({ value }) => value?.toString() ?? "tombstone"),
  };
}
