import { Kafka, logLevel } from "kafkajs";

export interface EndOffsets extends AsyncDisposable {
  /** How many records a topic has ever been given, summed over its partitions. */
  of(topic: string): Promise<bigint>;
}

/** Asks Kafka itself how far a topic reaches. */
export async function connectEndOffsets(brokers: readonly string[]): Promise<EndOffsets> {
  const kafka = new Kafka({
    clientId: "auditor",
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 5, initialRetryTime: 100 },
  });
  const admin = kafka.admin();
  await admin.connect();
  return {
    async of(topic) {
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets.reduce((sum, { high }) => sum + BigInt(high), 0n);
    },
    [Symbol.asyncDispose]: () => admin.disconnect(),
  };
}
