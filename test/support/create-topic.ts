import type { Admin, ITopicConfig } from "kafkajs";
import { expect, vi } from "vitest";

/**
 * Creates a topic and waits until every partition's leader answers. Not by kafkajs's own `waitForLeaders`, which gives up
 * where the broker has not heard of the new topic yet, and believes its metadata, which name a leader that may not know
 * of it yet either.
 */
export async function createTopic(admin: Admin, spec: ITopicConfig): Promise<void> {
  await admin.createTopics({ waitForLeaders: false, topics: [spec] });
  // Only a leader tells a partition's offsets. Unlike expect.poll this may be called in a hook as well.
  await vi.waitFor(
    async () =>
      expect(await admin.fetchTopicOffsets(spec.topic)).toHaveLength(spec.numPartitions ?? 1),
    { timeout: 10_000 },
  );
}
