import { pino } from "pino";
import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { openPool } from "../../src/database/pool.ts";
import { PaymentError } from "../../src/errors.ts";
import { createIntake, type IntakeDeps } from "../../src/intake/create-intake.ts";
import type { KafkaRecord } from "../../src/kafka/kafka-record.ts";
import { acceptanceOver, taskCompleted, TOPIC } from "../support/acceptance.ts";
import { openPostgresBox } from "../faults/boxes/postgres-box.ts";
import { freshDatabase } from "../support/database.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { insertPlatform } from "../support/seed.ts";
import { unobserved } from "../support/unobserved.ts";

/** The task's id is the record's value: decoding is another part's. */
const decodeTaskCompleted: IntakeDeps["decodeTaskCompleted"] = async (value) =>
  value === null
    ? { ok: false, code: "tombstone", message: "No value." }
    : { ok: true, event: taskCompleted({ taskId: String(value) }) };

function record(partition: number, offset: bigint, value: string | null): KafkaRecord {
  return {
    topic: TOPIC,
    partition,
    offset,
    timestamp: new Date("2026-03-01T12:00:00.000Z"),
    key: null,
    value: value === null ? null : Buffer.from(value),
    headers: { traceparent: [Buffer.from(`00-${"a".repeat(32)}-${"b".repeat(16)}-01`)] },
  };
}

function batch(
  partition: number,
  from: bigint,
  values: readonly (string | null)[],
  expected: bigint | null = null,
) {
  return {
    topic: TOPIC,
    partition,
    records: values.map((value, index) => record(partition, from + BigInt(index), value)),
    expectedOffset: expected,
    nextOffset: from + BigInt(values.length),
  };
}

/** Log lines as objects, to see what an operator is told. */
function listeningLog() {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

test("records of several partitions become durable with their offsets, which are then loaded from there", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1" });
  const { log } = listeningLog();
  const deps = acceptanceOver(pool);
  const intake = createIntake({
    pool,
    log,
    metrics: unobserved,
    signal: new AbortController().signal,
    accept: (input) => acceptBatch(deps, input),
    decodeTaskCompleted,
  });
  expect(await intake.offsets.load(TOPIC, [0, 1])).toEqual(new Map());
  const outcomes = await Promise.all([
    intake.onRecords(batch(0, 0n, ["a", null, "b"])),
    intake.onRecords(batch(2, 100n, ["c"])),
  ]);
  expect(outcomes).toEqual([{ kind: "durable" }, { kind: "durable" }]);
  expect(await intake.offsets.load(TOPIC, [0, 1, 2])).toEqual(
    new Map([
      [0, 3n],
      [2, 101n],
    ]),
  );
  expect(await countOf(pool, "payments")).toBe(3);
  expect(await rowsOf(pool, "dead_letters")).toMatchObject([
    { code: "tombstone", record_offset: 1n },
  ]);
  const [payment] = await rowsOf(pool, "payments");
  expect(payment).toMatchObject({ traceparent: expect.stringMatching(/^00-a{32}/) });

  // A rebalance gave us a partition that another instance had moved on.
  expect(await intake.onRecords(batch(0, 0n, ["a"], 0n))).toEqual({ kind: "conflict" });
  expect(await countOf(pool, "payments")).toBe(3);
});

test("while the registry is away nothing is a dead letter: the records wait for it", async () => {
  await using database = await freshDatabase();
  await insertPlatform(database.pool, { id: "platform-1" });
  const { log, lines } = listeningLog();
  const deps = acceptanceOver(database.pool);
  let away = 3;
  const intake = createIntake({
    pool: database.pool,
    log,
    metrics: unobserved,
    signal: new AbortController().signal,
    accept: (input) => acceptBatch(deps, input),
    async decodeTaskCompleted(value) {
      if (away > 0) {
        away -= 1;
        throw new PaymentError("REGISTRY_UNAVAILABLE", "retry", "connect ECONNREFUSED");
      }
      return decodeTaskCompleted(value);
    },
  });
  expect(await intake.onRecords(batch(0, 0n, ["a"]))).toEqual({ kind: "durable" });
  expect(await countOf(database.pool, "dead_letters")).toBe(0);
  expect(lines.map(({ msg }) => msg)).toEqual([
    "The schema registry is away; waiting until it is back.",
    "The schema registry is back.",
  ]);
});

test("while Postgres is away the records wait; it says so once and goes on by itself, and nothing is doubled", async () => {
  await using database = await freshDatabase();
  await insertPlatform(database.pool, { id: "platform-1" });
  await using box = await openPostgresBox(Number(new URL(database.url).port));
  const pool = await openPool({
    url: box.urlOf(database.url),
    poolMax: 4,
    statementTimeoutMs: 5_000,
  });
  const { log, lines } = listeningLog();
  const tried = Promise.withResolvers<void>();
  const deps = acceptanceOver(pool);
  let tries = 0;
  const intake = createIntake({
    pool,
    log,
    metrics: unobserved,
    signal: new AbortController().signal,
    accept: async (input) => {
      if ((tries += 1) === 3) tried.resolve();
      return acceptBatch(deps, input);
    },
    decodeTaskCompleted,
  });
  await box.refuse();
  const outcome = intake.onRecords(batch(0, 0n, ["a", "b"]));
  await tried.promise;
  await box.mend();
  expect(await outcome).toEqual({ kind: "durable" });
  expect(lines.map(({ msg }) => msg)).toEqual([
    "Postgres is away; waiting until it is back.",
    "Postgres is back.",
  ]);

  box.strikeCommits({ at: "unanswered", said: /INSERT INTO payments/, times: 1 });
  expect(await intake.onRecords(batch(0, 2n, ["c"], 2n))).toEqual({ kind: "durable" });
  expect(await countOf(database.pool, "payments")).toBe(3);
  expect(await countOf(database.pool, "inbox")).toBe(3);
  expect(await rowsOf(database.pool, "kafka_offsets")).toMatchObject([{ next_offset: 3n }]);
  await pool.end();
});
