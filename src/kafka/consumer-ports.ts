import type { Kafka } from "kafkajs";
import type { Logger } from "pino";
import type { KafkaRecord } from "./kafka-record.ts";
import type { OffsetAlarmKind } from "./place-offset.ts";

/** Consecutive records of one partition, to be made durable together with the partition's next offset. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  /** At least one, in offset order. */
  readonly records: readonly KafkaRecord[];
  /** The next offset that Postgres is believed to hold (null: no row): compare with this … */
  readonly expectedOffset: bigint | null;
  /** … and set to this, in the commit that makes the records durable: the same while records before it are read again. */
  readonly nextOffset: bigint;
}

/**
 * `conflict`: the compare failed and nothing of this batch was kept. The consumer reads the stored offset again and
 * goes on from there.
 */
export type Delivery = { readonly kind: "durable" } | { readonly kind: "conflict" };

export interface OffsetAlarm {
  readonly kind: OffsetAlarmKind;
  readonly topic: string;
  readonly partition: number;
  /** Next offsets: in Postgres (null: no row), as Kafka and this process knew it, and of the log. */
  readonly stored: bigint | null;
  readonly known: bigint | null;
  readonly low: bigint;
  readonly high: bigint;
  readonly resumedAt: bigint;
}

export interface ConsumerHandlers {
  /**
   * Resolves when the batch is durable, or refused whole. It may take as long as it needs: the consumer goes on
   * heartbeating. A rejection is tried again with the same batch, for as long as the partition is held.
   */
  readonly onRecords: (batch: PartitionBatch) => Promise<Delivery>;
  /** Awaited before anything more of the partition is delivered; a rejection repeats the whole check. */
  readonly onAlarm: (alarm: OffsetAlarm) => Promise<void> | void;
  /** The group has given this consumer its partitions, anew or again. */
  readonly onJoin?: () => void;
}

/** The next offsets in Postgres; a partition without a row is absent. */
export interface StoredOffsets {
  readonly load: (
    topic: string,
    partitions: readonly number[],
  ) => Promise<ReadonlyMap<number, bigint>>;
}

export interface ConsumerDeps {
  readonly kafka: Kafka;
  readonly log: Logger;
  readonly offsets: StoredOffsets;
}

export interface ConsumerSettings {
  readonly groupId: string;
  readonly topic: string;
  /** How long the group keeps the partitions of a member that has gone silent; 6 s unless told. */
  readonly sessionTimeoutMs?: number;
  /** How many partitions may wait for Postgres at once: all of them. */
  readonly partitionsConcurrently: number;
}
