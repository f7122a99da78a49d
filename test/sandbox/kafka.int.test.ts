import { existsSync } from "node:fs";

import { Kafka as Client, logLevel, type Admin } from "kafkajs";
import { expect, test } from "vitest";

import { startKafka } from "../../sandbox/kafka/start-kafka.ts";
import { eventually, isAlive } from "./process-census.ts";
import { startOwner } from "./start-owner.ts";

const MEGABYTE = 1024 * 1024;

const clientOf = (brokers: string[]) => new Client({ brokers, logLevel: logLevel.NOTHING });

test("two Kafkas side by side are 4.1, separate, take the record sizes promised and leave nothing", async () => {
  const [one, two] = await Promise.all([startKafka(), startKafka()]);
  const clusters = await Promise.all(
    [one, two].map(({ brokers }) => withAdmin(brokers, (admin) => admin.describeCluster())),
  );
  expect(clusters[0]?.clusterId).not.toBe(clusters[1]?.clusterId);

  await withAdmin(one.brokers, (admin) =>
    admin.createTopics({
      topics: [
        { topic: "plain", numPartitions: 1 },
        {
          topic: "lenient",
          numPartitions: 1,
          configEntries: [{ name: "max.message.bytes", value: String(10 * MEGABYTE) }],
        },
      ],
    }),
  );
  const send = (topic: string, megabytes: number) =>
    produce(one.brokers, topic, Buffer.alloc(megabytes * MEGABYTE, 1));
  await send("plain", 5);
  await expect(send("plain", 8)).rejects.toThrow(/larger than the max/);
  await send("lenient", 8);
  expect(await consumeOne(one.brokers, "lenient")).toBe(8 * MEGABYTE);
  await expect(produce(two.brokers, "plain", Buffer.from("x"))).rejects.toThrow(/does not host/);

  const pids = [one.broker.pid, two.broker.pid];
  await Promise.all([one.stop(), two.stop()]);
  expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]);
});

test("a broker killed -9 comes back at its address with its records", async () => {
  const kafka = await startKafka();
  await withAdmin(kafka.brokers, (admin) =>
    admin.createTopics({ topics: [{ topic: "kept", numPartitions: 1 }] }),
  );
  await produce(kafka.brokers, "kept", Buffer.from("seven b"));
  const before = kafka.broker.pid;
  await kafka.broker.down("SIGKILL");
  expect(await isAlive(before)).toBe(false);
  await kafka.broker.up();
  expect(await consumeOne(kafka.brokers, "kept")).toBe(7);
  await kafka.stop();
});

test("an owner killed -9 takes Kafka and its storage along", async () => {
  const owner = await startOwner<{ pid: number; storage: string }>(`
    const kafka = await startKafka();
    report({ pid: kafka.broker.pid, storage: kafka.storage });`);
  const { pid, storage } = owner.reported;
  expect([await isAlive(pid), existsSync(storage)]).toEqual([true, true]);
  await owner.die("SIGKILL");
  expect(await eventually(async () => !(await isAlive(pid)))).toBe(true);
  expect(await eventually(async () => !existsSync(storage))).toBe(true);
});

async function withAdmin<T>(brokers: string[], use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function produce(brokers: string[], topic: string, value: Buffer): Promise<void> {
  const producer = clientOf(brokers).producer({ retry: { retries: 2 } });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

/** The size of the topic's first record. */
async function consumeOne(brokers: string[], topic: string): Promise<number> {
  const consumer = clientOf(brokers).consumer({ groupId: `reader-of-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  try {
    return await new Promise<number>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }) =>
        resolve(message.value?.length ?? 0);
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}
