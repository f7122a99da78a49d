import { setTimeout as delay } from "node:timers/promises";
import type { Admin, ITopicConfig } from "kafkajs";

const LED_WITHIN_MS = 10_000;
const POLL_MS = 50;

/**
 * Creates a topic and waits until every partition's leader answers. Not by kafkajs's own `waitForLeaders`, which gives up
 * where the broker has not heard of the new topic yet, and believes its metadata, which name a leader that may not know
 * of it yet either.
 */
export async function createTopic(admin: Admin, spec: ITopicConfig): Promise<void> {
  await admin.createTopics({ waitForLeaders: false, topics: [spec] });
  const deadlineMs = Date.now() + LED_WITHIN_MS;
  // Only a leader tells a partition's offsets.
  while ((await ledPartitions(admin, spec.topic)) !== (spec.numPartitions ?? 1)) {
    if (Date.now() > deadlineMs) throw new Error(`${spec.topic} has no leaders`);
    await delay(POLL_MS);
  }
}

async function ledPartitions(admin: Admin, topic: string): Promise<number> {
  return (await admin.fetchTopicOffsets(topic).catch(() => [])).length;
}
