import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import { createTopic } from "../support/create-topic.ts";

const EVERY_MS = 50;

export interface Echo extends AsyncDisposable {
  /** How far apart they were so far, in ms. */
  readonly differences: () => readonly number[];
}

/**
 * What this machine can tell at all: records of its own, and how far apart Kafka's acknowledgement and the arrival at a
 * consumer seem to one process. Where it is busy they do by more than anybody's clock is wrong.
 */
export async function startEcho(brokers: readonly string[]): Promise<Echo> {
  const topic = `echo-${randomUUID()}`;
  const kafka = new Kafka({ clientId: "echo", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 50 });
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  await createTopic(admin, { topic, numPartitions: 1 });
  const acknowledged: number[] = [];
  const arrived: number[] = [];
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => void (arrived[Number(message.offset)] = Date.now()),
  });
  const stopping = new AbortController();
  const speaking = (async () => {
    while (!stopping.signal.aborted) {
      const messages = [{ value: "echo" }];
      const [answer] = await producer.send({ topic, acks: -1, messages });
      acknowledged[Number(answer?.baseOffset)] = Date.now();
      await delay(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    differences: () =>
      acknowledged.map((atMs, offset) => Math.abs((arrived[offset] ?? atMs) - atMs)),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await speaking;
      await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
    },
  };
}
