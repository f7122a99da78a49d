import { randomUUID } from "node:crypto";
import type { Admin, Kafka } from "kafkajs";
import { pino } from "pino";
import { sql } from "slonik";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startKafka } from "../../sandbox/kafka/start-kafka.ts";
import type { Kafka as SandboxKafka } from "../../sandbox/kafka/start-kafka.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { createKafka } from "../../src/kafka/client.ts";
import { createOutcomeDecoder } from "../../src/kafka/decode-outcome.ts";
import { createEncoder } from "../../src/kafka/encode.ts";
import { createPublisher, type Publisher } from "../../src/kafka/publisher.ts";
import { newestSchema } from "../../src/kafka/schemas.ts";
import { eventIdOf, paymentIdOf } from "../../src/payment/ids.ts";
import { relayOnce } from "../../src/relay/run-relay.ts";
import { adoptOwnTopics, type AdoptDeps } from "../../src/restore/adopt-own-topics.ts";
import { findOffsetSigns } from "../../src/restore/find-signs.ts";
import { unknownRanges } from "../../src/restore/own-offsets.ts";
import { readRestore } from "../../src/restore/read-restore.ts";
import { createWake } from "../../src/wake.ts";
import { createTopic } from "../support/create-topic.ts";
import { freshDatabase } from "../support/database.ts";
import { rowsOf } from "../support/read-rows.ts";
import { confirmRestore } from "./confirm-restore.ts";
import { unobserved } from "../support/unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

const log = pino({ level: "silent" });
const encoder = createEncoder({ completed: 1, failed: 2 });
const codec = createOutcomeDecoder(async (id) => ({
  schemaType: "AVRO",
  text: newestSchema(id === 1 ? "payment.completed" : "payment.failed"),
}));
const PARTITIONS = 3;

let sandbox: SandboxKafka;
let kafka: Kafka;
let admin: Admin;
let publisher: Publisher;

beforeAll(async () => {
  sandbox = await startKafka();
  kafka = createKafka({ brokers: sandbox.brokers, clientId: "test", ssl: false }, log);
  admin = kafka.admin();
  await admin.connect();
  publisher = createPublisher({ kafka, log });
});
afterAll(async () => {
  await publisher?.stop();
  await admin?.disconnect().catch(() => undefined);
  await sandbox?.stop();
});

/** As the service does: a broker that has just started may still be loading its groups. */
function adopt(deps: ReturnType<typeof depsOn>): Promise<void> {
  const once = () => adoptOwnTopics(deps, new AbortController().signal);
  return vi.waitFor(once, { timeout: 60_000, interval: 200 });
}

async function topicsOfOurOwn() {
  const topics = {
    paymentCompleted: `payment.completed.${randomUUID()}`,
    paymentFailed: `payment.failed.${randomUUID()}`,
  };
  for (const topic of Object.values(topics)) {
    await createTopic(admin, { topic, numPartitions: PARTITIONS });
  }
  return topics;
}

const quiet = {
  onAlarm: () => undefined,
  onPublished: (() => undefined) as AdoptDeps["onPublished"],
};

function relayOn(pool: Database) {
  return {
    ...quiet,
    pool,
    publisher,
    log,
    metrics: unobserved,
    tracing: untraced,
    wake: createWake(),
  };
}

function depsOn(pool: Database, topics: Awaited<ReturnType<typeof topicsOfOurOwn>>) {
  const readerGroupId = `own-topics.${randomUUID()}`;
  return { ...quiet, pool, kafka, topics, log, codec, readerGroupId };
}

function failedEvent(task: string) {
  const paymentId = paymentIdOf("platform-1", task);
  const eventId = eventIdOf(paymentId, 1, "failed");
  const value = encoder.encodePaymentFailed({
    eventId,
    occurredAt: new Date(),
    paymentId,
    generation: 1,
    sourceEventId: `event-of-${task}`,
    taskId: task,
    workerId: `worker-of-${task}`,
    platformId: "platform-1",
    amount: 50_000_000n,
    currency: "USDC",
    code: "task_not_found",
    message: "There is no such task.",
    retryable: true,
    attempts: 0,
    voidTxHash: null,
  });
  return { paymentId, eventId, key: Buffer.from(task), value, headers: { "event-id": eventId } };
}

async function intoOutbox(pool: Database, topic: string, tasks: readonly string[]): Promise<void> {
  for (const { eventId, key, value } of tasks.map(failedEvent)) {
    await pool.query(sql.type(anyRow)`
      INSERT INTO outbox (event_id, topic, key, payload, headers)
      VALUES (${eventId}, ${topic}, ${sql.binary(key)}, ${sql.binary(value)}, ${sql.jsonb({ "event-id": eventId })})`);
  }
}

const manyTasks = (name: string) => Array.from({ length: 20 }, (_, i) => `${name}-${i}`);

test("what the relay publishes is known without being read; what another life published is adopted, and gives it away", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const topics = await topicsOfOurOwn();
  const deps = depsOn(pool, topics);
  expect(await unknownRanges(deps), "empty topics hold nothing unknown").toEqual([]);

  const relay = relayOn(pool);
  await intoOutbox(pool, topics.paymentFailed, manyTasks("ours"));
  expect((await relayOnce(relay)).relayed).toBe(20);
  await intoOutbox(pool, topics.paymentFailed, manyTasks("ours again"));
  expect((await relayOnce(relay)).relayed).toBe(20);
  expect(await unknownRanges(deps), "every record that was published is accounted for").toEqual([]);

  const topic = topics.paymentFailed;
  const strange = { topic, key: null, value: Buffer.from("no event"), headers: {} };
  const forgotten = manyTasks("forgotten").map((task) => ({ topic, ...failedEvent(task) }));
  await publisher.publish([strange, ...forgotten]);
  await adopt(deps);
  expect(await unknownRanges(deps)).toEqual([]);
  expect(await rowsOf(pool, "announced_outcomes")).toHaveLength(20);
  expect((await readRestore(pool)).open).toMatchObject({ outcomesAdopted: 20n });

  await confirmRestore(pool);
  await adopt(deps);
  expect((await readRestore(pool)).open, "what is adopted opens nothing again").toBeNull();
});

test("an event that the topic has already is not published a second time, in whatever words", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const topics = await topicsOfOurOwn();
  const deps = depsOn(pool, topics);
  await unknownRanges(deps);
  const topic = topics.paymentFailed;
  await publisher.publish([{ topic, ...failedEvent("task-1") }]);
  await intoOutbox(pool, topic, ["task-1"]);
  const told: number[] = [];
  await adopt({ ...deps, onPublished: ({ records }) => void told.push(records) });
  expect(told, "whoever published it died before it could tell").toContain(1);
  const relay = relayOn(pool);
  expect((await relayOnce(relay)).relayed).toBe(0);
});

test("a topic that was made anew is read from its beginning", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const topics = await topicsOfOurOwn();
  const deps = depsOn(pool, topics);
  const topic = topics.paymentFailed;
  await unknownRanges(deps);
  await pool.query(
    sql.type(anyRow)`UPDATE own_offsets SET next_offset = 1000 WHERE topic = ${topic}`,
  );
  await publisher.publish([{ topic, ...failedEvent("task-1") }]);
  await adopt(deps);
  expect(await rowsOf(pool, "announced_outcomes")).toHaveLength(1);
});

test("offsets that Kafka knows to be further on are a sign, whoever reads the partition; those behind are none", async () => {
  const topic = `task.completed.${randomUUID()}`;
  const groupId = `group.${randomUUID()}`;
  await createTopic(admin, { topic, numPartitions: 3 });
  await publisher.publish(
    manyTasks("task").map((task) => ({ topic, key: task, value: Buffer.from(task), headers: {} })),
  );
  const partitions = [0, 1, 2].map((partition) => ({ partition, offset: "2" }));
  await admin.setOffsets({ groupId, topic, partitions });
  const stored = new Map([
    [0, 1n],
    [1, 2n],
    [2, 5n],
  ]);
  const signs = await findOffsetSigns({
    kafka,
    groupId,
    taskTopic: topic,
    loadOffsets: async () => stored,
  });
  expect(signs).toEqual([{ kind: "offsets", topic, partition: 0, stored: "1", known: "2" }]);
});
