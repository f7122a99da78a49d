import { createHash } from "node:crypto";
import { Kafka, logLevel, type Message } from "kafkajs";
import { sql } from "slonik";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { insertTasks } from "../support/seed.ts";
import { BAD_RECORDS, DIRECTORY_TASKS, EIGHT_MB, type BadRecord } from "./bad-records.ts";
import type { TaskEvent } from "./platform-events.ts";
import type { DeadRecord } from "./watch-topics.ts";
import { startLine, taskDone, type WholeLine } from "./whole-line.ts";
import { createTopic } from "../support/create-topic.ts";
import type { World } from "./world.ts";

/** What the broker lets through here: a lenient one takes more than the service's own topics do. */
const LENIENT_BYTES = 32 * 1024 * 1024;
/** What a dead letter's topic takes with its value; beyond that it carries the hash. */
const DLQ_VALUE_BYTES = 6_000_000;

interface Sent {
  readonly bad: BadRecord;
  readonly message: Message;
  readonly offset: number;
}

const running = new AsyncDisposableStack();
let line: WholeLine;
const sent: Sent[] = [];
const neighbours: TaskEvent[] = [];
let records = 0;

/** All bad records in one batch of one partition, each with sound events around it. */
beforeAll(async () => {
  line = await startLine({
    rail: "arc",
    treasuries: 3,
    settings: { PAYMENT_RETRY_DELAYS_MS: "50,50,50" },
    beforeStart: createLenientTopic,
  });
  running.use(line);
  const { world, platforms, downstream, openPlatform, hire } = line;
  await openPlatform({ id: "events", taskSource: "event" });
  await openPlatform({ id: "directory", taskSource: "directory" });
  await openPlatform({ id: "elsewhere", taskSource: "directory" });
  await hire("amy", "ben");
  await insertTasks(world.pool, DIRECTORY_TASKS);

  const batch: Message[] = [];
  const add = (event: TaskEvent) => {
    neighbours.push(event);
    batch.push(platforms.encode(event));
  };
  for (const [n, bad] of BAD_RECORDS.entries()) {
    if (bad.before) add(bad.before);
    const message = await bad.make(platforms);
    sent.push({ bad, message, offset: batch.push(message) - 1 });
    add(taskDone({ platformId: "events", taskId: `sound-${n}`, workerId: "amy" }));
  }
  records = batch.length;
  await platforms.send(batch.map((message) => ({ ...message, partition: 0 })));

  const deaths = BAD_RECORDS.filter(({ becomes }) => "deadLetter" in becomes).length;
  const outcomes = records - deaths;
  await downstream.outcomes.until("an outcome each", ({ length }) => length >= outcomes);
  await downstream.deadRecords.until("all dead letters", ({ length }) => length >= deaths);
});

afterAll(() => running.disposeAsync());

describe("what bad input gets", () => {
  test.each(BAD_RECORDS.map((bad) => [bad.what, bad] as const))("%s", async (_, bad) => {
    const found = sent.find((each) => each.bad === bad);
    if (!found) throw new Error("it was not sent");
    const { becomes, says } = bad;
    if ("failed" in becomes) await expectFailure(found, becomes.failed, says);
    else await expectDeadLetter(found, becomes.deadLetter, says);
  });
});

test("every neighbour is paid, and nothing else", async () => {
  const { world, downstream } = line;
  const paid = downstream.outcomes.items.flatMap(({ kind, taskId }) =>
    kind === "completed" ? [taskId] : [],
  );
  expect(paid.sort()).toEqual(neighbours.map(({ taskId }) => taskId).sort());
  const payers = world.treasuries.map(({ address }) => address);
  expect(await world.chain.transfersFrom(...payers)).toHaveLength(neighbours.length);
});

test("the consumer never stopped, and its offsets are past all of it", async () => {
  const { world, service, platforms, downstream, read } = line;
  await platforms.send([
    {
      ...platforms.encode(taskDone({ platformId: "events", taskId: "after", workerId: "amy" })),
      partition: 0,
    },
  ]);
  expect(await downstream.outcomeOf("after")).toMatchObject({ kind: "completed" });
  const troubles = service.log.items.filter(({ msg }) =>
    /consumer|could not|unexpected/i.test(msg),
  );
  expect(troubles).toEqual([]);
  await service.stop();
  const next = String(records + 1);
  expect(
    await read(sql.fragment`
      SELECT next_offset::text FROM kafka_offsets WHERE topic = ${world.topics.tasks} AND partition = 0`),
  ).toEqual([next]);
  expect(await committedOffset(world)).toBe(next);
});

async function expectFailure({ message }: Sent, code: string, says: RegExp): Promise<void> {
  const eventId = String(message.headers?.["event-id"]);
  const outcome = line.downstream.outcomes.items.find(
    ({ sourceEventId }) => sourceEventId === eventId,
  );
  expect(outcome).toMatchObject({ kind: "failed", code, attempts: 0, voidTxHash: null });
  if (outcome?.kind === "failed") expectSentence(outcome.message, says);
}

const storedLetter = z.object({
  id: z.string(),
  status: z.string(),
  code: z.string(),
  message: z.string(),
  key: z.instanceof(Buffer).nullable(),
  value: z.instanceof(Buffer).nullable(),
});

async function expectDeadLetter(
  { message, offset }: Sent,
  code: string,
  says: RegExp,
): Promise<void> {
  const { topics, pool } = line.world;
  const stored = await pool.one(sql.type(storedLetter)`
    SELECT id, status, code, message, key, value FROM dead_letters
    WHERE topic = ${topics.tasks} AND partition = 0 AND record_offset = ${offset}`);
  expect(stored).toMatchObject({ status: "open", code });
  expectSentence(stored.message, says);
  expectBytes(stored.value, message.value);

  const record = line.downstream.deadRecords.items.find(
    ({ headers }) => headers["x-original-offset"] === String(offset),
  );
  expect(record?.headers).toMatchObject({
    "x-error-code": code,
    "x-error-message": stored.message,
    "x-original-topic": topics.tasks,
    "x-original-partition": "0",
    "x-failed-at": expect.stringMatching(/^\d{4}-.*Z$/),
  });
  if (record) expectRecord(record, message, stored.id);
}

/** The original record, or where it is too large for the topic what finds it in the database. */
function expectRecord(record: DeadRecord, { key, value, headers }: Message, id: string): void {
  const bytes = value as Buffer | null;
  if (bytes !== null && bytes.length > DLQ_VALUE_BYTES) {
    expect(bytes.length).toBeGreaterThan(EIGHT_MB);
    expect(JSON.parse(String(record.value))).toEqual({
      deadLetterId: id,
      valueSha256: createHash("sha256").update(bytes).digest("hex"),
      valueBytes: bytes.length,
    });
    return;
  }
  expect(String(record.key)).toBe(key);
  expectBytes(record.value, value);
  expect(record.headers).toMatchObject(headers ?? {});
}

/** Compared without showing megabytes of a difference. */
function expectBytes(actual: Buffer | null, expected: Message["value"]): void {
  if (expected === null) expect(actual).toBeNull();
  else expect(actual?.equals(expected as Buffer)).toBe(true);
}

/** What happened and, in the same breath, what to do. */
function expectSentence(text: string, says: RegExp): void {
  expect(text).toMatch(/^\S.{20,}/);
  expect(text).toMatch(says);
}

function kafkaOf(brokers: readonly string[]): Kafka {
  return new Kafka({ clientId: "admin", brokers: [...brokers], logLevel: logLevel.NOTHING });
}

async function createLenientTopic({ parts, topics }: World): Promise<void> {
  const admin = kafkaOf(parts.brokers).admin();
  await admin.connect();
  const configEntries = [{ name: "max.message.bytes", value: String(LENIENT_BYTES) }];
  await createTopic(admin, { topic: topics.tasks, numPartitions: 6, configEntries });
  await admin.disconnect();
}

async function committedOffset({ parts, settings, topics }: World): Promise<string | undefined> {
  const admin = kafkaOf(parts.brokers).admin();
  await admin.connect();
  const [offsets] = await admin.fetchOffsets({
    groupId: settings["KAFKA_GROUP_ID"] ?? "",
    topics: [topics.tasks],
  });
  await admin.disconnect();
  return offsets?.partitions.find(({ partition }) => partition === 0)?.offset;
}
