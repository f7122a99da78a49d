import { randomUUID } from "node:crypto";
import type { Admin, Kafka, Message, Producer } from "kafkajs";
import kafkajs from "kafkajs";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startKafka } from "../../sandbox/kafka/start-kafka.ts";
import type { Kafka as SandboxKafka } from "../../sandbox/kafka/start-kafka.ts";
import { createKafka } from "../../src/kafka/client.ts";
import { runConsumer } from "../../src/kafka/consumer.ts";
import type { RunningConsumer } from "../../src/kafka/consumer.ts";
import type { PartitionBatch } from "../../src/kafka/consumer-ports.ts";
import { createLedger } from "./ledger.ts";
import { createTopic } from "../support/create-topic.ts";
import type { Ledger } from "./ledger.ts";

const silent = pino({ level: "silent" });
const WAIT = { timeout: 20_000, interval: 20 };

let sandbox: SandboxKafka;
let kafka: Kafka;
let admin: Admin;
let producer: Producer;
const running = new Set<RunningConsumer>();

beforeAll(async () => {
  sandbox = await startKafka();
  kafka = createKafka({ brokers: sandbox.brokers, clientId: "test", ssl: false }, silent);
  admin = kafka.admin();
  producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
});
afterEach(async () => {
  await Promise.all([...running].map((consumer) => consumer.stop(0)));
  running.clear();
});
afterAll(async () => {
  await Promise.allSettled([admin?.disconnect(), producer?.disconnect()]);
  await sandbox?.stop();
});

/** A topic and group of their own, so that the tests share a broker and nothing else. */
async function freshTopic(partitions = 2) {
  const topic = `task.completed.${randomUUID()}`;
  await createTopic(admin, { topic, numPartitions: partitions });
  return { topic, groupId: `group-${topic}` };
}

const send = (topic: string, partition: number, ...values: string[]) =>
  producer.send({ topic, messages: values.map((value): Message => ({ partition, value })) });

function consume(
  place: { topic: string; groupId: string },
  ledger: Ledger,
  overrides: Partial<Ledger["handlers"]> = {},
  log = silent,
): RunningConsumer {
  const consumer = runConsumer(
    { kafka, log, offsets: { load: ledger.load } },
    { ...place, partitionsConcurrently: 2 },
    { ...ledger.handlers, ...overrides },
  );
  running.add(consumer);
  return consumer;
}

async function stop(consumer: RunningConsumer, deadlineMs = 5_000): Promise<void> {
  running.delete(consumer);
  await consumer.stop(deadlineMs);
}

const deliveredTo = (ledger: Ledger) => expect.poll(() => ledger.values().toSorted(), WAIT);

/** Kafka keeps an offset of each partition from a group's first commit on. */
async function begin(place: { topic: string; groupId: string }, ...offsets: string[]) {
  const partitions = offsets.map((offset, partition) => ({ partition, offset }));
  await admin.setOffsets({ ...place, partitions });
}

async function committed(place: { topic: string; groupId: string }): Promise<string[]> {
  const [topic] = await admin.fetchOffsets({ groupId: place.groupId, topics: [place.topic] });
  return (topic?.partitions ?? [])
    .toSorted((a, b) => a.partition - b.partition)
    .map(({ offset }) => offset);
}

describe("delivery", () => {
  it("hands over every record from the beginning, with key, headers and time, in each partition's order", async () => {
    const place = await freshTopic();
    const ledger = createLedger();
    await send(place.topic, 0, "a", "b");
    await producer.send({
      topic: place.topic,
      messages: [
        {
          partition: 1,
          key: "w-1",
          value: "c",
          timestamp: "1700000000000",
          headers: { "event-id": "e-1", twice: ["x", "y"] },
        },
        { partition: 1, key: "w-1", value: null },
      ],
    });
    consume(place, ledger);
    await deliveredTo(ledger).toEqual(["a", "b", "c", "tombstone"]);
    expect(ledger.coordinates().filter((at) => at.startsWith("0"))).toEqual(["0:0", "0:1"]);
    expect(ledger.records.find(({ value }) => value?.toString() === "c")).toEqual({
      topic: place.topic,
      partition: 1,
      offset: 0n,
      timestamp: new Date(1_700_000_000_000),
      key: Buffer.from("w-1"),
      value: Buffer.from("c"),
      headers: { "event-id": [Buffer.from("e-1")], twice: [Buffer.from("x"), Buffer.from("y")] },
    });
    expect(ledger.alarms).toEqual([]);
  });

  it("commits to Kafka by itself, in the background, what is durable", async () => {
    const place = await freshTopic();
    const ledger = createLedger();
    consume(place, ledger);
    await send(place.topic, 0, "a", "b", "c");
    await send(place.topic, 1, "d");
    await expect.poll(() => committed(place), WAIT).toEqual(["3", "1"]);
  });

  it("brings a record of 5 MB although it asks for 256 kB, while other partitions are busy", async () => {
    const place = await freshTopic();
    const ledger = createLedger();
    consume(place, ledger);
    const large = Buffer.alloc(5_000_000, "x");
    await producer.send({
      topic: place.topic,
      messages: [
        ...Array.from({ length: 2_000 }, () => ({ partition: 0, value: "small".repeat(40) })),
        { partition: 1, value: large },
        { partition: 1, value: "after" },
      ],
    });
    await expect.poll(() => ledger.records.length, WAIT).toBe(2_002);
    const sizes = ledger.records.filter(({ partition }) => partition === 1);
    expect(sizes.map(({ value }) => value?.length)).toEqual([5_000_000, 5]);
  });

  it("reads what a platform compressed with gzip or zstd", async () => {
    const place = await freshTopic(1);
    const ledger = createLedger();
    const { GZIP, ZSTD } = kafkajs.CompressionTypes;
    for (const compression of [GZIP, ZSTD]) {
      await producer.send({
        topic: place.topic,
        compression,
        messages: [{ partition: 0, value: "packed".repeat(100) }],
      });
    }
    consume(place, ledger);
    await expect.poll(() => ledger.values(), WAIT).toEqual(Array(2).fill("packed".repeat(100)));
  });

  it("stays in the group while Postgres is away for longer than its session, and repeats the batch", async () => {
    const place = await freshTopic(1);
    const ledger = createLedger();
    const awayUntil = performance.now() + 7_000;
    let tries = 0;
    const consumer = consume(place, ledger, {
      onRecords: async (batch) => {
        tries++;
        if (performance.now() < awayUntil) throw new Error("Postgres is away");
        return ledger.handlers.onRecords(batch);
      },
    });
    await send(place.topic, 0, "a");
    await expect.poll(() => tries, WAIT).toBeGreaterThan(0);
    const joined = await membersOf(place.groupId);
    await deliveredTo(ledger).toEqual(["a"]);
    expect(tries).toBeGreaterThan(1);
    expect(await membersOf(place.groupId)).toEqual(joined);
    expect(consumer.partitions()).toMatchObject([{ partition: 0, next: 1n }]);
  });

  it("goes on with what is left after a conflict, from where the database says", async () => {
    const place = await freshTopic(1);
    await begin(place, "0");
    const ledger = createLedger();
    let isFirst = true;
    consume(place, ledger, {
      onRecords: async (batch) => {
        // Another instance has made the first two durable meanwhile.
        if (isFirst) ledger.stored.set(0, 2n);
        isFirst = false;
        return ledger.handlers.onRecords(batch);
      },
    });
    await send(place.topic, 0, "a", "b", "c");
    await deliveredTo(ledger).toEqual(["c"]);
    expect(ledger.alarms).toEqual([]);
  });
});

async function membersOf(groupId: string): Promise<string[]> {
  const { groups } = await admin.describeGroups([groupId]);
  return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId));
}

describe("a new start", () => {
  it("delivers nothing twice after a tidy stop, even if the database had forgotten nothing to compare", async () => {
    const place = await freshTopic();
    const ledger = createLedger();
    const first = consume(place, ledger);
    await send(place.topic, 0, "a", "b");
    await deliveredTo(ledger).toEqual(["a", "b"]);
    await stop(first);
    expect(await committed(place)).toEqual(["2", "-1"]);
    expect(await membersOf(place.groupId)).toEqual([]);
    await send(place.topic, 0, "c");
    consume(place, ledger);
    await deliveredTo(ledger).toEqual(["a", "b", "c"]);
    expect(ledger.alarms).toEqual([]);
  });

  it("waits at a stop for the batch in flight, commits it, and delivers the rest to the next one", async () => {
    const place = await freshTopic(1);
    const ledger = createLedger();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let isWaiting = false;
    const first = consume(place, ledger, {
      onRecords: async (batch) => {
        isWaiting = true;
        await released;
        return ledger.handlers.onRecords(batch);
      },
    });
    await send(place.topic, 0, "a");
    await expect.poll(() => isWaiting, WAIT).toBe(true);
    const stopped = stop(first);
    await send(place.topic, 0, "b");
    release();
    await stopped;
    expect(ledger.values()).toEqual(["a"]);
    expect(await committed(place)).toEqual(["1"]);
    consume(place, ledger);
    await deliveredTo(ledger).toEqual(["a", "b"]);
  });

  it("does not wait longer than its deadline for a batch that never becomes durable", async () => {
    const place = await freshTopic(1);
    const ledger = createLedger();
    let isWaiting = false;
    const first = consume(place, ledger, {
      onRecords: () => {
        isWaiting = true;
        return new Promise(() => {});
      },
    });
    await send(place.topic, 0, "a");
    await expect.poll(() => isWaiting, WAIT).toBe(true);
    await stop(first, 100);
    expect(await committed(place)).toEqual(["-1"]);
    expect(await membersOf(place.groupId)).toEqual([]);
  });

  it("goes on silently where Postgres is ahead of Kafka's commit, and tells Kafka", async () => {
    const place = await freshTopic(1);
    const ledger = createLedger(new Map([[0, 2n]]));
    await send(place.topic, 0, "a", "b", "c");
    await begin(place, "1");
    consume(place, ledger);
    await deliveredTo(ledger).toEqual(["c"]);
    expect(ledger.alarms).toEqual([]);
    await expect.poll(() => committed(place), WAIT).toEqual(["3"]);
  });

  it("goes back where Postgres is behind Kafka's commit, and raises the restore alarm first", async () => {
    const place = await freshTopic(1);
    await send(place.topic, 0, "a", "b", "c");
    await readByAnEarlierLife(place, 3);
    const ledger = createLedger(new Map([[0, 1n]]));
    const seen: string[] = [];
    consume(place, ledger, {
      onAlarm: (alarm) => void seen.push(`alarm ${alarm.kind} ${alarm.stored} ${alarm.known}`),
      onRecords: (batch) => {
        seen.push(...batch.records.map(({ value }) => String(value)));
        return ledger.handlers.onRecords(batch);
      },
    });
    await expect.poll(() => seen, WAIT).toEqual(["alarm restored 1 3", "b", "c"]);
  });

  it("goes back to the beginning where the database is empty under an old group", async () => {
    const place = await freshTopic(1);
    await send(place.topic, 0, "a", "b");
    await readByAnEarlierLife(place, 2);
    const ledger = createLedger();
    consume(place, ledger);
    await deliveredTo(ledger).toEqual(["a", "b"]);
    expect(ledger.alarms).toMatchObject([{ kind: "restored", stored: null, known: 2n }]);
  });

  it("begins anew, with an alarm, where Postgres is beyond the end of a topic that was made again", async () => {
    const place = await freshTopic(1);
    await send(place.topic, 0, "a");
    const ledger = createLedger(new Map([[0, 100n]]));
    consume(place, ledger);
    await deliveredTo(ledger).toEqual(["a"]);
    expect(ledger.alarms).toMatchObject([{ kind: "topic_recreated", stored: 100n, resumedAt: 0n }]);
    expect(ledger.stored.get(0)).toBe(1n);
    await send(place.topic, 0, "b");
    await deliveredTo(ledger).toEqual(["a", "b"]);
    expect(ledger.alarms).toHaveLength(1);
  });

  it("goes on at the log's start, with an alarm, where retention deleted what was not read", async () => {
    const place = await freshTopic(1);
    await send(place.topic, 0, "a", "b", "c");
    await deleteBefore(place.topic, "2");
    const ledger = createLedger(new Map([[0, 1n]]));
    consume(place, ledger);
    await deliveredTo(ledger).toEqual(["c"]);
    expect(ledger.alarms).toMatchObject([{ kind: "records_lost", stored: 1n, low: 2n }]);
  });

  it("delivers nothing before the alarm was taken, however often that fails", async () => {
    const place = await freshTopic(1);
    await send(place.topic, 0, "a");
    await readByAnEarlierLife(place, 1);
    const ledger = createLedger();
    const seen: string[] = [];
    consume(place, ledger, {
      onAlarm: () => {
        seen.push("alarm");
        if (seen.length < 3) throw new Error("Postgres is away");
      },
      onRecords: (batch) => {
        seen.push("record");
        return ledger.handlers.onRecords(batch);
      },
    });
    await expect.poll(() => seen, WAIT).toEqual(["alarm", "alarm", "alarm", "record"]);
  });
});

/** A producer does not know a new topic's leaders yet. */
const settled = [() => true, () => false] as const;

async function readByAnEarlierLife(
  place: { topic: string; groupId: string },
  records: number,
): Promise<void> {
  const ledger = createLedger();
  const consumer = consume(place, ledger);
  await expect.poll(() => ledger.records.length, WAIT).toBe(records);
  await stop(consumer);
}

/** As retention does. The client must have met the topic before it can. */
async function deleteBefore(topic: string, offset: string): Promise<void> {
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
}

describe("the log changes under a running consumer", () => {
  it("raises the alarm when retention overtakes it, and goes on with what is left", async () => {
    const place = await freshTopic(1);
    const ledger = createLedger();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let isWaiting = false;
    consume(place, ledger, {
      onRecords: async (batch) => {
        isWaiting = true;
        await released;
        return ledger.handlers.onRecords(batch);
      },
    });
    await send(place.topic, 0, "a");
    await expect.poll(() => isWaiting, WAIT).toBe(true);
    await send(place.topic, 0, "b", "c");
    await deleteBefore(place.topic, "3");
    await send(place.topic, 0, "d");
    release();
    await deliveredTo(ledger).toEqual(["a", "d"]);
    expect(ledger.alarms).toMatchObject([{ kind: "records_lost", stored: 1n, low: 3n }]);
  });

  it("raises the alarm when the topic is made anew, and reads it from its beginning", async () => {
    const place = await freshTopic(1);
    const ledger = createLedger();
    consume(place, ledger);
    await send(place.topic, 0, "a", "b", "c");
    await deliveredTo(ledger).toEqual(["a", "b", "c"]);
    await admin.deleteTopics({ topics: [place.topic] });
    await createTopic(admin, { topic: place.topic, numPartitions: 1 });
    const isSent = () => send(place.topic, 0, "d").then(...settled);
    await expect.poll(isSent, WAIT).toBe(true);
    await deliveredTo(ledger).toEqual(["a", "b", "c", "d"]);
    expect(ledger.alarms).toMatchObject([{ kind: "topic_recreated", stored: 3n, resumedAt: 0n }]);
  });

  it("reads a topic from its beginning that was made anew and outgrew the old one while nobody was reading", async () => {
    const place = await freshTopic(1);
    await send(place.topic, 0, "a", "b");
    const ledger = createLedger();
    const first = consume(place, ledger);
    await deliveredTo(ledger).toEqual(["a", "b"]);
    await stop(first);
    await admin.deleteTopics({ topics: [place.topic] });
    await createTopic(admin, { topic: place.topic, numPartitions: 1 });
    const isSent = () => send(place.topic, 0, "c", "d", "e").then(...settled);
    await expect.poll(isSent, WAIT).toBe(true);
    consume(place, ledger);
    await deliveredTo(ledger).toEqual(["a", "b", "c", "d", "e"]);
    expect(ledger.stored.get(0)).toBe(3n);
    expect(ledger.alarms).toEqual([]);
  });

  it("reads past an aborted transaction among records that it reads again", async () => {
    const place = await freshTopic(1);
    // Each too long for one fetch with what follows: a fetch that holds nothing else than what was aborted is passed over.
    const long = "a".repeat(400_000);
    await send(place.topic, 0, long);
    await abortedSend(place.topic, long);
    await send(place.topic, 0, "b", "c");
    const ledger = createLedger(new Map([[0, 5n]]));
    consume(place, ledger);
    await deliveredTo(ledger).toEqual([long, "b", "c"]);
    await expect.poll(() => committed(place), WAIT).toEqual(["5"]);
    expect(ledger.values()).toHaveLength(3);
  });
});

async function abortedSend(topic: string, value: string): Promise<void> {
  const sender = kafka.producer({
    transactionalId: topic,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await sender.connect();
  try {
    const transaction = await sender.transaction();
    await transaction.send({ topic, messages: [{ partition: 0, value }] });
    await transaction.abort();
  } finally {
    await sender.disconnect();
  }
}

describe("two consumers of one group", () => {
  it("share the partitions, and when one goes the other takes over without a gap or a repeat", async () => {
    const place = await freshTopic(2);
    const ledger = createLedger();
    const first = consume(place, ledger);
    await expect.poll(() => first.partitions().length, WAIT).toBe(2);
    const second = consume(place, ledger);
    await expect
      .poll(() => [first.partitions().length, second.partitions().length], WAIT)
      .toEqual([1, 1]);
    await send(place.topic, 0, "a", "b");
    await send(place.topic, 1, "c", "d");
    await deliveredTo(ledger).toEqual(["a", "b", "c", "d"]);
    await stop(second);
    await expect.poll(() => first.partitions().length, WAIT).toBe(2);
    await send(place.topic, 0, "e");
    await send(place.topic, 1, "f");
    await deliveredTo(ledger).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(ledger.alarms).toEqual([]);
  });
});

describe("a rebalance while records wait for Postgres", () => {
  it("is not held up by them, and each record is kept once, whoever comes first", async () => {
    const place = await freshTopic(2);
    await begin(place, "0", "0");
    const ledger = createLedger();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let waiting = 0;
    const slow = {
      onRecords: async (batch: PartitionBatch) => {
        waiting++;
        await released;
        return ledger.handlers.onRecords(batch);
      },
    };
    const first = consume(place, ledger, slow);
    await send(place.topic, 0, "a");
    await send(place.topic, 1, "b");
    await expect.poll(() => waiting, WAIT).toBe(2);
    const second = consume(place, ledger, slow);
    await expect
      .poll(() => [first.partitions().length, second.partitions().length], WAIT)
      .toEqual([1, 1]);
    // Each record now waits twice: with the first consumer's abandoned calls, and with its partition's owner.
    await expect.poll(() => waiting, WAIT).toBe(4);
    release();
    await deliveredTo(ledger).toEqual(["a", "b"]);
    await send(place.topic, 0, "c");
    await send(place.topic, 1, "d");
    await deliveredTo(ledger).toEqual(["a", "b", "c", "d"]);
    expect(ledger.alarms).toEqual([]);
  });
});

describe("Kafka away", () => {
  it("is waited out with one line, at start and in mid-flow, and reading goes on by itself", async () => {
    const place = await freshTopic(1);
    await send(place.topic, 0, "a");
    await begin(place, "0");
    await sandbox.broker.down();
    const lines: string[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    const ledger = createLedger();
    const consumer = consume(place, ledger, {}, log);
    await expect.poll(() => lines.length, WAIT).toBe(1);
    expect(lines[0]).toContain("Kafka (consuming) is away");
    expect(consumer.isJoined()).toBe(false);
    await sandbox.broker.up();
    await deliveredTo(ledger).toEqual(["a"]);

    await sandbox.broker.down("SIGKILL");
    await sandbox.broker.up();
    await send(place.topic, 0, "b");
    await deliveredTo(ledger).toEqual(["a", "b"]);
    expect(ledger.alarms).toEqual([]);
    expect(lines.length).toBeLessThanOrEqual(6);
  });
});
