import { randomUUID } from "node:crypto";
import type { Admin, Kafka, Producer } from "kafkajs";
import kafkajs from "kafkajs";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startKafka, type Kafka as SandboxKafka } from "../../sandbox/kafka/start-kafka.ts";
import { createKafka } from "../../src/kafka/client.ts";
import { runConsumer } from "../../src/kafka/consumer.ts";
import { createEndsReader } from "../../src/kafka/ends-reader.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { createKafkaSampler, type KafkaSamplerDeps } from "../../src/sampling/sample-kafka.ts";
import { createLedger } from "../kafka/ledger.ts";
import { allOf, shownOf } from "../metrics/read-metric.ts";
import { createTopic } from "../support/create-topic.ts";

const silent = pino({ level: "silent" });
const WAIT = { timeout: 20_000, interval: 20 };
const AGE_S = 40;

let sandbox: SandboxKafka;
let kafka: Kafka;
let admin: Admin;
let producer: Producer;

beforeAll(async () => {
  sandbox = await startKafka();
  kafka = createKafka({ brokers: sandbox.brokers, clientId: "test", ssl: false }, silent);
  admin = kafka.admin();
  producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
});
afterAll(async () => {
  await Promise.allSettled([admin?.disconnect(), producer?.disconnect()]);
  await sandbox?.stop();
});

/** A topic of two partitions, records of which were produced some time ago, and a sampler of it. */
async function world(consumer: Partial<KafkaSamplerDeps["consumer"]> = {}) {
  const topic = `task.completed.${randomUUID()}`;
  await createTopic(admin, { topic, numPartitions: 2 });
  const metrics = createMetrics({ sloMs: 3_000 });
  const ledger = createLedger();
  const ends = createEndsReader(kafka, topic);
  onTestFinished(() => ends.close());
  const nobody = { isJoined: () => false, partitions: () => [], fetchedAt: () => null };
  const deps: KafkaSamplerDeps = {
    metrics,
    consumer: { ...nobody, ...consumer },
    readEnds: () => ends.read(),
    loadOffsets: () => ledger.load(),
  };
  const produce = (partition: number, count: number) =>
    producer.send({
      topic,
      messages: Array.from({ length: count }, () => ({
        partition,
        value: "x",
        timestamp: String(Date.now() - AGE_S * 1_000),
      })),
    });
  return { topic, metrics, ledger, deps, produce };
}

test("lag is what is not durable here, in records and by the oldest one's age; 0 once it is", async () => {
  const { topic, metrics, ledger, deps, produce } = await world();
  const { promise: letGo, resolve } = Promise.withResolvers<void>();
  let joins = 0;
  const consumer = runConsumer(
    { kafka, log: silent, offsets: { load: ledger.load } },
    { topic, groupId: `group-${topic}`, partitionsConcurrently: 2 },
    {
      ...ledger.handlers,
      async onRecords(batch) {
        await letGo;
        return ledger.handlers.onRecords(batch);
      },
      onJoin: () => (joins += 1),
    },
  );
  onTestFinished(() => consumer.stop(0));
  const sampler = createKafkaSampler({ ...deps, consumer });
  const look = () => sampler.sample(new AbortController().signal);
  await produce(1, 3);
  const told = async (name: string) => {
    await look();
    return shownOf(metrics, name);
  };
  // The first batch may be given back, and fetched again, while the partition's position is being found.
  await expect
    .poll(() => told('payments_kafka_lag_seconds{partition="1"}'), WAIT)
    .toBeGreaterThanOrEqual(AGE_S);
  await expect
    .poll(() => told("payments_kafka_last_fetch_timestamp_seconds"), WAIT)
    .toBeGreaterThan(Date.now() / 1_000 - 60);
  expect(await allOf(metrics, "payments_kafka_lag_records")).toEqual({
    '{partition="0"}': 0,
    '{partition="1"}': 3,
  });
  expect(await shownOf(metrics, 'payments_kafka_lag_seconds{partition="0"}')).toBe(0);
  expect(joins).toBe(1);
  resolve();
  await expect.poll(() => ledger.values(), WAIT).toHaveLength(3);
  await expect.poll(() => consumer.partitions().some(({ oldestAt }) => oldestAt), WAIT).toBe(false);
  await look();
  expect(await shownOf(metrics, 'payments_kafka_lag_records{partition="1"}')).toBe(0);
  expect(await shownOf(metrics, 'payments_kafka_lag_seconds{partition="1"}')).toBe(0);
});

test("an instance that the group has not let in tells the lag of every partition, by how long it has seen it", async () => {
  const { metrics, deps, produce } = await world();
  const sampler = createKafkaSampler(deps);
  await produce(0, 2);
  await sampler.sample(new AbortController().signal);
  expect(await allOf(metrics, "payments_kafka_lag_records")).toEqual({
    '{partition="0"}': 2,
    '{partition="1"}': 0,
  });
  expect(await shownOf(metrics, 'payments_kafka_lag_seconds{partition="0"}')).toBe(0);
  await sampler.sample(new AbortController().signal);
  expect(await shownOf(metrics, 'payments_kafka_lag_seconds{partition="0"}')).toBeGreaterThan(0);
  expect(await shownOf(metrics, 'payments_kafka_lag_seconds{partition="1"}')).toBe(0);
});

test("with Postgres away the lag goes on being told, by what was durable last, and the look fails", async () => {
  const { metrics, deps, produce } = await world();
  let isAway = false;
  const sampler = createKafkaSampler({
    ...deps,
    async loadOffsets() {
      if (isAway) throw new Error("Postgres is away");
      return new Map([[0, 1n]]);
    },
  });
  await produce(0, 1);
  await sampler.sample(new AbortController().signal);
  expect(await shownOf(metrics, 'payments_kafka_lag_records{partition="0"}')).toBe(0);
  isAway = true;
  await produce(0, 5);
  await expect(sampler.sample(new AbortController().signal)).rejects.toThrow("away");
  expect(await shownOf(metrics, 'payments_kafka_lag_records{partition="0"}')).toBe(5);
});

test("another instance's partition is that instance's to tell of in seconds", async () => {
  const mine = { partition: 0, next: 0n, logEnd: null, oldestAt: null };
  const { metrics, deps } = await world({
    isJoined: () => true,
    partitions: () => [mine],
    fetchedAt: () => new Date(),
  });
  await createKafkaSampler(deps).sample(new AbortController().signal);
  expect(await allOf(metrics, "payments_kafka_lag_seconds")).toEqual({ '{partition="0"}': 0 });
});

test("where Kafka cannot be asked for the ends that is an error; a reader that was closed connects anew", async () => {
  const { topic, produce } = await world();
  const away = createKafka({ brokers: ["127.0.0.1:1"], clientId: "test", ssl: false }, silent);
  const nowhere = createEndsReader(away, topic);
  await expect(nowhere.read()).rejects.toThrow();
  const ends = createEndsReader(kafka, topic);
  await produce(0, 1);
  await ends.read();
  await ends.close();
  expect((await ends.read()).find(({ partition }) => partition === 0)).toMatchObject({ high: 1n });
  await ends.close();
});
