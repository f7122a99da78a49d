import { randomUUID } from "node:crypto";
import kafkajs from "kafkajs";
import type { Admin, Kafka } from "kafkajs";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startKafka } from "../../sandbox/kafka/start-kafka.ts";
import type { Kafka as SandboxKafka } from "../../sandbox/kafka/start-kafka.ts";
import { createKafka } from "../../src/kafka/client.ts";
import { runConsumer } from "../../src/kafka/consumer.ts";
import type { OutgoingRecord } from "../../src/kafka/outgoing-record.ts";
import { createPublisher, type PublishResult } from "../../src/kafka/publisher.ts";
import type { Publisher } from "../../src/kafka/publisher.ts";
import { ensureTopics, topicSpecs } from "../../src/kafka/topics.ts";
import { createLedger } from "./ledger.ts";
import { createTopic } from "../support/create-topic.ts";
import type { Ledger } from "./ledger.ts";

const silent = pino({ level: "silent" });
const WAIT = { timeout: 20_000, interval: 20 };

let sandbox: SandboxKafka;
let kafka: Kafka;
let admin: Admin;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  sandbox = await startKafka();
  kafka = createKafka({ brokers: sandbox.brokers, clientId: "test", ssl: false }, silent);
  admin = kafka.admin();
  await admin.connect();
});
afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});
afterAll(async () => {
  await admin?.disconnect().catch(() => undefined);
  await sandbox?.stop();
});

function recordedLog() {
  const lines: { msg: string; topic?: string }[] = [];
  const log = pino(
    { level: "info" },
    { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) },
  );
  return { log, lines };
}

async function freshTopic(config: Record<string, string> = {}): Promise<string> {
  const topic = `payment.completed.${randomUUID()}`;
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await createTopic(admin, { topic, numPartitions: 2, configEntries });
  return topic;
}

function publish(log = silent): Publisher {
  const publisher = createPublisher({ kafka, log });
  cleanUps.push(publisher.stop);
  return publisher;
}

/** Everything that is in a topic, now and later. */
function read(topic: string): Ledger {
  const ledger = createLedger();
  const consumer = runConsumer(
    { kafka, log: silent, offsets: { load: ledger.load } },
    { groupId: randomUUID(), topic, partitionsConcurrently: 2 },
    ledger.handlers,
  );
  cleanUps.push(() => consumer.stop(0));
  return ledger;
}

/** How many records of each topic are acknowledged, with their places. */
function takenBy({ acknowledged }: PublishResult): Map<string, bigint> {
  const taken = new Map<string, bigint>();
  for (const { topic, from, to } of acknowledged) {
    taken.set(topic, (taken.get(topic) ?? 0n) + to - from);
  }
  return taken;
}

const record = (topic: string, value: string | Buffer, key = "w-1"): OutgoingRecord => ({
  topic,
  key,
  value: Buffer.from(value),
  headers: { "event-id": `e-${key}`, traceparent: "00-1-2-01", "content-type": "avro" },
});

describe("publishing", () => {
  it("writes to several topics at once, a key's records in order, with their headers", async () => {
    const [a, b] = await Promise.all([freshTopic(), freshTopic()]);
    const values = Array.from({ length: 50 }, (_, index) => `v${index}`);
    const publisher = publish();
    const rows = values.flatMap((value) => [record(a, value), record(b, value, "w-2")]);
    const result = await publisher.publish(rows);
    expect(result.refused).toEqual([]);
    expect(takenBy(result), "it says where each record lies").toEqual(
      new Map([
        [a, 50n],
        [b, 50n],
      ]),
    );
    for (const topic of [a, b]) {
      const ledger = read(topic);
      await expect.poll(() => ledger.values(), WAIT).toEqual(values);
      expect(ledger.records[0]?.headers).toEqual({
        "event-id": [Buffer.from(topic === a ? "e-w-1" : "e-w-2")],
        traceparent: [Buffer.from("00-1-2-01")],
        "content-type": [Buffer.from("avro")],
      });
    }
  });

  it("writes many records to one partition that are too large together and small alone", async () => {
    const topic = await freshTopic();
    const rows = Array.from({ length: 20 }, () => record(topic, Buffer.alloc(150_000)));
    const result = await publish().publish(rows);
    expect(result.refused).toEqual([]);
    expect(takenBy(result)).toEqual(new Map([[topic, 20n]]));
    const ledger = read(topic);
    await expect.poll(() => ledger.records.length, WAIT).toBe(20);
  });

  it("names the one record that Kafka will never take, and writes all others in order", async () => {
    const topic = await freshTopic({ "max.message.bytes": "20000" });
    const values = ["a", "b", "x".repeat(30_000), "c", "d", "e", "y".repeat(30_000)];
    const { refused } = await publish().publish(values.map((value) => record(topic, value)));
    expect(refused).toEqual([
      { index: 2, reason: "MESSAGE_TOO_LARGE" },
      { index: 6, reason: "MESSAGE_TOO_LARGE" },
    ]);
    const ledger = read(topic);
    await expect.poll(() => ledger.values(), WAIT).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("takes a dead letter of 5 MB, and refuses one of 8 MB without upsetting the connection", async () => {
    const topic = await freshTopic({ "max.message.bytes": String(6 * 1024 * 1024) });
    const sizes = [5_000_000, 8_000_000, 10];
    const { log, lines } = recordedLog();
    const rows = sizes.map((bytes) => record(topic, Buffer.alloc(bytes)));
    const result = await publish(log).publish(rows);
    expect(result.refused).toEqual([{ index: 1, reason: "MESSAGE_TOO_LARGE" }]);
    expect(takenBy(result)).toEqual(new Map([[topic, 2n]]));
    const ledger = read(topic);
    await expect
      .poll(() => ledger.records.map(({ value }) => value?.length), WAIT)
      .toEqual([5_000_000, 10]);
    expect(lines).toEqual([]);
  });

  it("is one call at a time", async () => {
    const topic = await freshTopic();
    const publisher = publish();
    const first = publisher.publish([record(topic, "a")]);
    await expect(publisher.publish([record(topic, "b")])).rejects.toThrow("already in flight");
    await first;
  });
});

describe("Kafka away", () => {
  it("leaves a send in doubt once, then waits with one line, and loses nothing", async () => {
    const topic = await freshTopic();
    const { log, lines } = recordedLog();
    const publisher = publish(log);
    await publisher.publish([record(topic, "a")]);
    await sandbox.broker.down("SIGKILL");
    await expect(publisher.publish([record(topic, "b")])).rejects.toMatchObject({
      code: "PUBLISH_IN_DOUBT",
      disposition: "reconcile",
    });
    const again = publisher.publish([record(topic, "b")]);
    await expect
      .poll(() => lines.map(({ msg }) => msg), WAIT)
      .toEqual(["Kafka (publishing) is away; trying until it is back."]);
    await sandbox.broker.up();
    // The broker lets us in before it leads its partitions again: that, too, is in doubt and safe to repeat.
    await again.catch(() => expect.poll(() => tries(publisher, topic), WAIT).toBe(true));
    const ledger = read(topic);
    await expect.poll(() => new Set(ledger.values()), WAIT).toEqual(new Set(["a", "b"]));
  });

  it("is waited for no longer once the service is told to stop", async () => {
    const unreachable = createKafka(
      { brokers: ["127.0.0.1:9"], clientId: "test", ssl: false },
      silent,
    );
    const { log, lines } = recordedLog();
    const publisher = createPublisher({ kafka: unreachable, log });
    const waiting = expect(publisher.publish([record("t", "a")])).rejects.toMatchObject({
      code: "KAFKA_UNAVAILABLE",
      disposition: "retry",
    });
    await expect.poll(() => lines.length, WAIT).toBe(1);
    await publisher.stop();
    await waiting;
  });
});

const tries = (publisher: Publisher, topic: string) =>
  publisher.publish([record(topic, "b")]).then(
    () => true,
    () => false,
  );

describe("topics", () => {
  const names = () => ({
    taskCompleted: `task.${randomUUID()}`,
    paymentCompleted: `completed.${randomUUID()}`,
    paymentFailed: `failed.${randomUUID()}`,
    deadLetters: `dlq.${randomUUID()}`,
  });
  const ensure = (specs: ReturnType<typeof topicSpecs>) => {
    const { log, lines } = recordedLog();
    const signal = new AbortController().signal;
    return ensureTopics({ kafka, log, signal }, specs).then(() => lines);
  };

  it("are created where missing, the input for 6 MB and uncompressed, and left alone afterwards", async () => {
    const topics = names();
    const specs = topicSpecs(topics, 3);
    expect(await ensure(specs)).toMatchObject([{ msg: "Created the missing topics." }]);
    const { topics: found } = await admin.fetchTopicMetadata({ topics: Object.values(topics) });
    expect(found.map(({ partitions }) => partitions.length)).toEqual([3, 3, 3, 3]);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topics.taskCompleted,
          configNames: ["max.message.bytes", "compression.type"],
        },
      ],
    });
    expect(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    ).toEqual(
      expect.arrayContaining([
        ["max.message.bytes", "6291456"],
        ["compression.type", "uncompressed"],
      ]),
    );
    expect(await ensure(specs)).toEqual([]);
  });

  it("that are there already and differ are named in a warning each, not changed", async () => {
    const topics = names();
    await createTopic(admin, { topic: topics.taskCompleted, numPartitions: 1 });
    const lines = await ensure(topicSpecs(topics, 3));
    const topic = topics.taskCompleted;
    expect(lines).toMatchObject([
      { msg: "Created the missing topics." },
      { topic, expected: 3, found: 1 },
      // The sandbox's broker takes 6 MB by default.
      { topic, setting: "compression.type", expected: "uncompressed", found: "producer" },
    ]);
  });

  it("may be ensured by several instances at the same moment", async () => {
    const specs = topicSpecs(names(), 2);
    await Promise.all([ensure(specs), ensure(specs), ensure(specs)]);
  });
});
