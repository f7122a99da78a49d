import { Kafka, logLevel } from "kafkajs";
import type { Topics } from "../../e2e/world.ts";
import { createTopic } from "../../support/create-topic.ts";

const PARTITIONS = 4;

/** Creates a cell's topics before its first service, which may never get so far, and deletes them in the end. */
export async function createTopics(
  brokers: readonly string[],
  topics: Topics,
): Promise<AsyncDisposable> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const names = Object.values(topics) as string[];
  await Promise.all(names.map((topic) => createTopic(admin, { topic, numPartitions: PARTITIONS })));
  return {
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: names }).catch(() => undefined);
      await admin.disconnect();
    },
  };
}
