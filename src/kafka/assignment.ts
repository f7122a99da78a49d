/** One partition for as long as this consumer holds it. All offsets are next offsets. */
export interface PartitionState {
  readonly partition: number;
  /** As Postgres held it when last seen; null: no row. The compare of the compare-and-set. */
  stored: bigint | null;
  /** What Postgres goes on holding while records before it are read again; null: nothing is. */
  kept: bigint | null;
  /** Where reading goes on; undefined until it was checked. */
  position: bigint | undefined;
  /** Durable and so fit to be committed to Kafka; null: nothing yet. */
  durable: bigint | null;
  /** Committed to Kafka by this consumer; null: nothing yet. */
  committed: bigint | null;
  /** The log's end when last fetched; null: not fetched yet. */
  logEnd: bigint | null;
  isBusy: boolean;
  /** When the first record of the batch on its way to Postgres was produced; null: none is. */
  oldestAt: Date | null;
  activeAtMs: number;
}

/** The partitions of one generation of the group. A rebalance makes a new one; the old one's results no longer count. */
export interface Assignment {
  readonly partitions: ReadonlyMap<number, PartitionState>;
  /** Resolves when every position is known; nothing is delivered before. */
  checked: Promise<void>;
}

export function createAssignment(partitions: readonly number[]): Assignment {
  const fresh = (partition: number): PartitionState => ({
    partition,
    stored: null,
    kept: null,
    position: undefined,
    durable: null,
    committed: null,
    logEnd: null,
    isBusy: false,
    oldestAt: null,
    activeAtMs: performance.now(),
  });
  return {
    partitions: new Map(partitions.map((partition) => [partition, fresh(partition)])),
    checked: Promise.resolve(),
  };
}
