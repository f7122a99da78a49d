import type { Admin, Kafka } from "kafkajs";

export interface PartitionEnds {
  readonly topic: string;
  readonly partition: number;
  /** The log's first offset and the one after its last. */
  readonly low: bigint;
  readonly high: bigint;
}

/** Where the partitions of these topics begin and end now; rejects where Kafka cannot be asked. */
export function topicEnds(kafka: Kafka, topics: readonly string[]): Promise<PartitionEnds[]> {
  return withAdmin(kafka, async (admin) => {
    const found = await Promise.all(topics.map((topic) => endsOf(admin, topic)));
    return found.flat();
  });
}

export async function endsOf(admin: Admin, topic: string): Promise<PartitionEnds[]> {
  const partitions = await admin.fetchTopicOffsets(topic);
  return partitions.map(({ partition, low, high }) => ({
    topic,
    partition,
    low: BigInt(low),
    high: BigInt(high),
  }));
}

/** What a group has committed, by partition; absent: nothing. */
export function committedOffsets(
  kafka: Kafka,
  { groupId, topic }: { readonly groupId: string; readonly topic: string },
): Promise<ReadonlyMap<number, bigint>> {
  return withAdmin(kafka, async (admin) => {
    const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const offsets = (fetched?.partitions ?? []).map(({ partition, offset }): [number, bigint] => [
      partition,
      BigInt(offset),
    ]);
    return new Map(offsets.filter(([, offset]) => offset >= 0n));
  });
}

async function withAdmin<T>(kafka: Kafka, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}
