import type { PartitionEnds } from "../kafka/topic-ends.ts";
import type { PartitionStatus, RunningConsumer } from "../kafka/consumer.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import { createLagMemory, type LagMemory } from "./lag-memory.ts";
import type { Sampler } from "./sample-every.ts";

export interface KafkaSamplerDeps {
  readonly metrics: Metrics;
  readonly consumer: Pick<RunningConsumer, "isJoined" | "partitions" | "fetchedAt">;
  /** Where the input topic's partitions end. */
  readonly readEnds: () => Promise<readonly PartitionEnds[]>;
  /** The next offsets that Postgres holds; a partition without a row is absent. */
  readonly loadOffsets: (partitions: readonly number[]) => Promise<ReadonlyMap<number, bigint>>;
}

/** kafkajs fetches ten times a second: silent for this long, it tells nothing of what there is to fetch. */
const FETCHING_MS = 5_000;

/**
 * How far behind this deployment is, partition by partition. Records: between Postgres' offset and the log's end, whoever
 * consumes the partition. Seconds: by the oldest record that this instance has on its way; what its consumer has nothing of
 * is caught up, even where a transaction's marker lies at the end. An instance that the group has not let in knows for how long at
 * least the next record has been there, and says that of every partition.
 */
export function createKafkaSampler(deps: KafkaSamplerDeps): Sampler {
  const { metrics, consumer } = deps;
  const memories = new Map<number, LagMemory>();
  let stored: ReadonlyMap<number, bigint> = new Map();
  return {
    name: "kafka",
    async sample() {
      const fetchedAt = consumer.fetchedAt();
      if (fetchedAt) metrics.lastFetch.set({}, fetchedAt.getTime() / 1_000);
      const ends = await deps.readEnds();
      const partitions = ends.map(({ partition }) => partition);
      // Nothing becomes durable while Postgres is away, so what it last held still counts: lag must be seen then most of all.
      const asked = await deps.loadOffsets(partitions).then(
        (offsets) => ({ offsets }),
        (error: unknown) => ({ error }),
      );
      if ("offsets" in asked) stored = asked.offsets;
      showLag(deps, memories, ends, stored);
      if ("error" in asked) throw asked.error;
    },
  };
}

function showLag(
  { metrics, consumer }: KafkaSamplerDeps,
  memories: Map<number, LagMemory>,
  ends: readonly PartitionEnds[],
  stored: ReadonlyMap<number, bigint>,
): void {
  const nowMs = Date.now();
  const isConsuming =
    consumer.isJoined() && nowMs - (consumer.fetchedAt()?.getTime() ?? 0) < FETCHING_MS;
  const ours = new Map(consumer.partitions().map((status) => [status.partition, status]));
  const behind = ends.map(({ partition, low, high }) => {
    const held = stored.get(partition) ?? low;
    const next = held < low ? low : held;
    const records = high > next ? Number(high - next) : 0;
    const memory = memories.get(partition) ?? createLagMemory();
    memories.set(partition, memory);
    const atLeastMs = memory.note({ high, next, nowMs });
    const ageMs = isConsuming ? ageInHand(ours.get(partition), nowMs) : atLeastMs;
    return { labels: { partition: String(partition) }, records, ageMs };
  });
  metrics.lagRecords.replace(behind.map(({ labels, records: value }) => ({ labels, value })));
  metrics.lagSeconds.replace(
    behind.flatMap(({ labels, ageMs }) =>
      ageMs === undefined ? [] : [{ labels, value: ageMs / 1_000 }],
    ),
  );
}

/** Undefined: the partition is another instance's, which tells of it. */
function ageInHand(status: PartitionStatus | undefined, nowMs: number): number | undefined {
  if (!status) return undefined;
  return status.oldestAt ? Math.max(0, nowMs - status.oldestAt.getTime()) : 0;
}
