import type { Admin, ITopicConfig } from "kafkajs";
import { expect } from "vitest";

/**
 * Creates a topic and waits until every partition has a leader. Not by kafkajs's own `waitForLeaders`, which gives up
 * where the broker has not heard of the new topic yet.
 */
export async function createTopic(admin: Admin, spec: ITopicConfig): Promise<void> {
  await admin.createTopics({ waitForLeaders: false, topics: [spec] });
  const led = async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [spec.topic] });
    return topics[0]?.partitions.filter(({ leader }) => leader >= 0).length;
  };
  await expect.poll(() => led().catch(() => 0), { timeout: 10_000 }).toBe(spec.numPartitions);
}
