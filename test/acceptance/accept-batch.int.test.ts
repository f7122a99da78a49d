import { sql } from "slonik";
import { describe, expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import type { AcceptOutcome, SubmissionResult } from "../../src/payment/submission.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { freshDatabase } from "../support/database.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import {
  acceptanceOver,
  batchOf,
  fromHttp,
  fromKafka,
  taskCompleted,
  TOPIC,
  tokens,
  units,
} from "../support/acceptance.ts";
import {
  addressOf,
  insertDeployment,
  insertPlatform,
  insertTasks,
  insertWorker,
  type SeedTask,
} from "../support/seed.ts";

async function seed(pool: Database, tasks: readonly Partial<SeedTask>[] = []): Promise<void> {
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  await insertTasks(
    pool,
    tasks.map((task) => ({
      platformId: "platform-1",
      id: "task-1",
      workerId: "worker-1",
      amount: units(50),
      ...task,
    })),
  );
}

function resultsOf(outcome: AcceptOutcome): readonly SubmissionResult[] {
  if (outcome.kind !== "durable") throw new Error(`not durable: ${outcome.kind}`);
  return outcome.results;
}

test("an eligible task is planned with its terms, fee and key, and its event id is kept with its place", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, [{}]);
  const deps = acceptanceOver(pool);
  const [submission] = batchOf([taskCompleted()]).submissions;
  if (!submission) throw new Error("no submission");
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const outcome = await acceptBatch(deps, {
    submissions: [{ ...submission, traceparent }],
    offsets: [],
  });

  const paymentId = paymentIdOf("platform-1", "task-1");
  expect(resultsOf(outcome)).toEqual([
    { verdict: "new", paymentId, generation: 1, state: "planned", failure: null },
  ]);
  expect(await rowsOf(pool, "payments")).toMatchObject([
    {
      id: paymentId,
      state: "planned",
      intent: "pay",
      amount: "50.000000",
      net_amount: "48.750000",
      fee: "1.250000",
      payer: addressOf("platform-1"),
      recipient: addressOf("worker-1"),
      token: tokens.USDC,
      rail: "arc",
      method: "payonce",
      chain_id: 5042002n,
      pay_once: addressOf("PayOnce"),
      // Null is "never had to wait": dispatch takes it at once.
      next_attempt_at: null,
      traceparent,
      origin: "live",
    },
  ]);
  expect(await rowsOf(pool, "inbox")).toMatchObject([
    {
      event_id: "event-of-task-1",
      payment_id: paymentId,
      verdict: "new",
      topic: TOPIC,
      partition: 0,
      record_offset: 0n,
    },
  ]);
  expect(deps.announced).toEqual(["dispatch"]);
  expect(await countOf(pool, "outbox")).toBe(0);
});

test("a batch of everything: each gets what it deserves, in one commit with the offset", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, [{}, { id: "unfinished", status: "assigned" }, { id: "last" }]);
  await insertPlatform(pool, { id: "events", taskSource: "event", feePercentage: "10" });
  const deps = acceptanceOver(pool);
  const { submissions, offsets } = batchOf([
    taskCompleted(),
    taskCompleted({ eventId: "again" }),
    taskCompleted({ eventId: "again", amount: units(51) }),
    taskCompleted({ taskId: "unfinished" }),
    taskCompleted({ taskId: "nowhere" }),
    taskCompleted({ taskId: "task-9", platformId: "events", amount: units(10) }),
    taskCompleted({ taskId: "bad\u0000" }),
    taskCompleted({ taskId: "last" }),
  ]);
  const undecodable = fromKafka(
    { code: "tombstone", message: "No value." },
    { offset: 8n, value: null, key: null },
  );
  const [move] = offsets;
  if (!move) throw new Error("no move");
  const outcome = await acceptBatch(deps, {
    submissions: [...submissions, undecodable],
    offsets: [{ ...move, next: 9n }],
  });

  expect(resultsOf(outcome)).toMatchObject([
    { verdict: "new", state: "planned" },
    { verdict: "duplicate", state: "planned" },
    { verdict: "conflict", code: "event_id_conflict", field: "amount" },
    { verdict: "new", state: "failed", failure: { code: "task_not_completed" } },
    { verdict: "new", state: "accepted" },
    { verdict: "new", state: "planned" },
    {
      verdict: "dead_letter",
      code: "id_invalid",
      field: "taskId",
      deadLetterId: expect.any(String),
    },
    { verdict: "new", state: "planned" },
    { verdict: "dead_letter", code: "tombstone", field: null },
  ]);
  expect(await rowsOf(pool, "kafka_offsets")).toMatchObject([
    { topic: TOPIC, partition: 0, next_offset: 9n },
  ]);
  expect(await countOf(pool, "inbox")).toBe(6);
  expect(await countOf(pool, "dead_letters")).toBe(3);
  const created = (await rowsOf(pool, "tasks")).find(({ id }) => id === "task-9");
  expect(created).toMatchObject({
    status: "completed",
    amount: "10.000000",
    worker_id: "worker-1",
  });

  const failedId = paymentIdOf("platform-1", "unfinished");
  expect(await rowsOf(pool, "payment_outcomes")).toMatchObject([
    { payment_id: failedId, generation: 1, kind: "failed", code: "task_not_completed" },
  ]);
  expect(await rowsOf(pool, "audit_log")).toMatchObject([
    { actor: "system", action: "payment.failed", payment_id: failedId },
  ]);
  const outbox = await rowsOf(pool, "outbox");
  const [failedEvent, ...letters] = outbox;
  expect(failedEvent).toMatchObject({
    topic: "payment.failed",
    payment_id: failedId,
    generation: 1,
  });
  expect(String(failedEvent?.["key"])).toBe("worker-1");
  expect(JSON.parse(String(failedEvent?.["payload"]))).toMatchObject({
    eventId: failedEvent?.["event_id"],
    paymentId: failedId,
    sourceEventId: "event-of-unfinished",
    amount: "50000000",
    code: "task_not_completed",
    retryable: true,
    attempts: 0,
    voidTxHash: null,
  });
  expect(letters.map(({ topic }) => topic)).toEqual(Array(3).fill("task.completed.dlq"));
  expect(letters.at(-1)).toMatchObject({ key: null, payload: null });
  expect(new Set(deps.announced)).toEqual(new Set(["dispatch", "relay", "recheck"]));
});

test("a record read again changes nothing at all", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, [{}, { id: "unfinished", status: "created" }]);
  const deps = acceptanceOver(pool);
  const input = batchOf([
    taskCompleted(),
    taskCompleted({ taskId: "unfinished" }),
    taskCompleted({ eventId: "other", amount: units(1) }),
  ]);
  await acceptBatch(deps, input);
  const tables = ["payments", "inbox", "outbox", "dead_letters", "audit_log", "payment_outcomes"];
  const before = await Promise.all(tables.map((table) => rowsOf(pool, table)));
  const again = await acceptBatch(deps, { ...input, offsets: [] });
  expect(resultsOf(again).map(({ verdict }) => verdict)).toEqual([
    "duplicate",
    "duplicate",
    "conflict",
  ]);
  expect(await Promise.all(tables.map((table) => rowsOf(pool, table)))).toEqual(before);
});

test("a refused request over HTTP is told to its caller and leaves nothing behind", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, [{}]);
  const deps = acceptanceOver(pool);
  const outcome = await acceptBatch(deps, {
    submissions: [
      fromHttp(taskCompleted()),
      fromHttp(taskCompleted({ eventId: "e2", idempotencyKey: "fresh" })),
      fromHttp(taskCompleted({ platformId: "nobody" })),
    ],
    offsets: [],
  });
  expect(resultsOf(outcome)).toMatchObject([
    { verdict: "new" },
    {
      verdict: "conflict",
      code: "task_has_payment",
      field: "idempotencyKey",
      paymentId: paymentIdOf("platform-1", "task-1"),
      deadLetterId: null,
    },
    { verdict: "dead_letter", code: "platform_unknown", deadLetterId: null },
  ]);
  expect(await countOf(pool, "dead_letters")).toBe(0);
  expect(await countOf(pool, "outbox")).toBe(0);
});

describe("offsets", () => {
  test("move only from where they were expected to be; else nothing at all is kept", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    await seed(pool, [{}, { id: "task-2" }]);
    const deps = acceptanceOver(pool);
    await acceptBatch(deps, batchOf([taskCompleted()]));

    const stale = await acceptBatch(deps, batchOf([taskCompleted({ taskId: "task-2" })], 0n, null));
    expect(stale).toEqual({
      kind: "offset_conflict",
      partitions: [{ topic: TOPIC, partition: 0, stored: 1n }],
    });
    expect(await countOf(pool, "payments")).toBe(1);

    const input = batchOf([taskCompleted({ taskId: "task-2" })], 1n, 1n);
    const other = { topic: TOPIC, partition: 1, expected: 7n, next: 8n };
    expect(await acceptBatch(deps, { ...input, offsets: [...input.offsets, other] })).toEqual({
      kind: "offset_conflict",
      partitions: [{ topic: TOPIC, partition: 1, stored: null }],
    });
    expect(await acceptBatch(deps, input)).toMatchObject({ kind: "durable" });
    expect(await rowsOf(pool, "kafka_offsets")).toMatchObject([{ partition: 0, next_offset: 2n }]);
  });

  test("two instances that hold the same partition: one of them wins it", async () => {
    await using database = await freshDatabase();
    await seed(database.pool, [{}]);
    const rival = await database.openAnotherPool();
    const outcomes = await Promise.all(
      [database.pool, rival].map((pool) =>
        acceptBatch(acceptanceOver(pool), batchOf([taskCompleted()])),
      ),
    );
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["durable", "offset_conflict"]);
    expect(await countOf(database.pool, "payments")).toBe(1);
  });
});

test("GigStream defect 3: two instances race the same tasks, keys and events: one payment each, the rest duplicates", async () => {
  await using database = await freshDatabase();
  const ids = Array.from({ length: 40 }, (_, index) => `task-${index}`);
  await seed(
    database.pool,
    ids.map((id) => ({ id })),
  );
  await insertPlatform(database.pool, { id: "events", taskSource: "event" });
  const rival = await database.openAnotherPool();
  const events = ids.flatMap((taskId) => [
    taskCompleted({ taskId }),
    taskCompleted({ taskId, eventId: `second-${taskId}` }),
    taskCompleted({ taskId, platformId: "events" }),
  ]);
  const race = (pool: Database, order: typeof events) =>
    acceptBatch(acceptanceOver(pool), { submissions: order.map(fromHttp), offsets: [] });
  const outcomes = await Promise.all([
    race(database.pool, events),
    race(rival, events.toReversed()),
    race(database.pool, events.slice(30)),
    race(rival, events.slice(0, 60)),
  ]);
  const verdicts = outcomes.flatMap(resultsOf).map(({ verdict }) => verdict);
  expect(verdicts.filter((verdict) => verdict === "new")).toHaveLength(80);
  expect(verdicts.filter((verdict) => verdict === "duplicate")).toHaveLength(verdicts.length - 80);
  expect(await countOf(database.pool, "payments")).toBe(80);
  expect(await countOf(database.pool, "inbox")).toBe(120);
});

test("a race over one task with different amounts: one is paid, the other is a conflict", async () => {
  await using database = await freshDatabase();
  await seed(database.pool);
  await insertPlatform(database.pool, { id: "events", taskSource: "event" });
  const rival = await database.openAnotherPool();
  const outcomes = await Promise.all(
    [database.pool, rival].map((pool, index) => {
      const event = { platformId: "events", eventId: `e${index}`, amount: units(10 + index) };
      return acceptBatch(acceptanceOver(pool), {
        submissions: [fromHttp(taskCompleted(event))],
        offsets: [],
      });
    }),
  );
  const verdicts = outcomes.flatMap(resultsOf).map(({ verdict }) => verdict);
  expect(verdicts.sort()).toEqual(["conflict", "new"]);
});

test("values that the schema refuses after all become dead letters; their neighbours are paid, with one commit", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const ids = Array.from({ length: 30 }, (_, index) => `task-${index}`);
  await seed(
    pool,
    ids.map((id) => ({ id })),
  );
  await pool.query(
    sql.type(anyRow)`ALTER TABLE payments ADD CHECK (task_id NOT IN ('task-3', 'task-17'))`,
  );
  const deps = acceptanceOver(pool);
  const outcome = await acceptBatch(deps, batchOf(ids.map((taskId) => taskCompleted({ taskId }))));
  const results = resultsOf(outcome);
  for (const [index, result] of results.entries()) {
    const bad = index === 3 || index === 17;
    expect(result).toMatchObject(
      bad
        ? { verdict: "dead_letter", code: "value_refused" }
        : { verdict: "new", state: "planned" },
    );
  }
  expect(await rowsOf(pool, "dead_letters")).toMatchObject([
    { record_offset: 3n },
    { record_offset: 17n },
  ]);
  expect(await rowsOf(pool, "kafka_offsets")).toMatchObject([{ next_offset: 30n }]);
});

test("headers and bytes of a dead letter survive as they came, whatever they are", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const value = Buffer.from([0, 255, 1, 34, 92]);
  const headers = {
    binary: [Buffer.from([0, 200])],
    "na\u0000me": [Buffer.from('"quoted" \\ {}')],
  };
  const submission = fromKafka(
    { code: "not_avro", message: 'It says "no\u0000".' },
    { offset: 1n, value, headers, timestamp: new Date(Number.NaN) },
  );
  await acceptBatch(acceptanceOver(pool), { submissions: [submission], offsets: [] });
  expect(await rowsOf(pool, "dead_letters")).toMatchObject([
    {
      value,
      record_at: null,
      headers: { binary: { base64: "AMg=" }, "na\uFFFDme": '"quoted" \\ {}' },
      message: 'It says "no".',
    },
  ]);
  expect(await rowsOf(pool, "outbox")).toMatchObject([{ payload: value }]);
});

test("an 8 MB record that a lenient broker let through keeps its bytes, and its neighbours are paid", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, [{}]);
  const value = Buffer.alloc(8_000_000, 7);
  const input = batchOf([taskCompleted()]);
  const huge = fromKafka({ code: "not_avro", message: "It is not Avro." }, { offset: 1n, value });
  const submissions = [huge, ...input.submissions];
  const outcome = await acceptBatch(acceptanceOver(pool), { submissions, offsets: [] });
  expect(resultsOf(outcome)).toMatchObject([{ verdict: "dead_letter" }, { state: "planned" }]);
  const [letter] = await rowsOf(pool, "dead_letters");
  expect(value.equals(letter?.["value"] as Buffer)).toBe(true);
  const [record] = await rowsOf(pool, "outbox");
  expect(JSON.parse(String(record?.["payload"]))).toMatchObject({ deadLetterId: letter?.["id"] });
});

describe("after a restore", () => {
  test("a payment that the chain has paid already is handed to settlement, in the same commit", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    await seed(pool, [{}]);
    await insertPaid(pool, paymentIdOf("platform-1", "task-1"));
    const deps = acceptanceOver(pool);
    await acceptBatch(deps, batchOf([taskCompleted(), taskCompleted({ taskId: "task-2" })]));
    expect(deps.adopted).toEqual([paymentIdOf("platform-1", "task-1")]);
  });

  test("an ineligible payment from before it is voided on chain before it fails", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    await seed(pool);
    await insertDeployment(pool, { restoredAt: new Date("2026-03-02T00:00:00.000Z") });
    const deps = acceptanceOver(pool);
    await acceptBatch(deps, batchOf([taskCompleted({ amount: units(20_000) })]));
    expect(await rowsOf(pool, "payments")).toMatchObject([
      { state: "voiding", intent: "void", failure_code: "amount_out_of_range", settled_at: null },
    ]);
    expect(await countOf(pool, "outbox")).toBe(0);
    expect(deps.announced).toEqual(["dispatch"]);
  });
});

test("risk limits count what the worker was paid before, but not what failed", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(
    pool,
    ["a", "b", "c"].map((id) => ({ id })),
  );
  const deps = acceptanceOver(pool, {
    risk: { workerDailyAmount: units(120), workerHourlyCount: 2, platformDailyAmount: null },
  });
  const statesOf = async (taskId: string, changes = {}) =>
    resultsOf(
      await acceptBatch(deps, {
        submissions: [fromHttp(taskCompleted({ taskId, ...changes }))],
        offsets: [],
      }),
    );
  expect(await statesOf("a")).toMatchObject([{ state: "planned" }]);
  expect(await statesOf("x", { amount: units(20_000) })).toMatchObject([{ state: "failed" }]);
  expect(await statesOf("b")).toMatchObject([{ state: "planned" }]);
  expect(await statesOf("c")).toMatchObject([{ failure: { code: "risk_rejected" } }]);
});

async function insertPaid(pool: Database, paymentId: string): Promise<void> {
  await pool.query(sql.type(anyRow)`
    INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, payment_id,
      generation, payer, recipient, token, amount_micros, transfer_log_index)
    VALUES (5042002, ${addressOf("PayOnce")}, 7, '0xb', '0xt', 1, 'paid', '0xr', ${paymentId}::uuid, 1,
      ${addressOf("platform-1")}, ${addressOf("worker-1")}, ${tokens.USDC}, 48750000, 0)`);
}
