import { sql } from "slonik";
import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { retryPayment } from "../../src/acceptance/retry-payment.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { acceptanceOver, fromHttp, taskCompleted, units } from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { addressOf, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";

const paymentId = paymentIdOf("platform-1", "task-1");

async function seed(pool: Database, status = "completed"): Promise<void> {
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  await insertTasks(pool, [
    { platformId: "platform-1", id: "task-1", workerId: "worker-1", amount: units(50), status },
  ]);
}

async function submit(pool: Database, ...events: Partial<TaskCompleted>[]) {
  const submissions = events.map((event) => fromHttp(taskCompleted(event)));
  const outcome = await acceptBatch(acceptanceOver(pool), { submissions, offsets: [] });
  if (outcome.kind !== "durable") throw new Error(outcome.kind);
  return outcome.results;
}

test("GigStream defect 3: the idempotency key outlives the process, and is no process's own", async () => {
  await using database = await freshDatabase();
  await seed(database.pool);
  const [first] = await submit(database.pool, {});
  // Another pool knows nothing of the first one's memory: a restart, or another instance.
  const restarted = await database.openAnotherPool();
  expect(await submit(restarted, { eventId: "again" })).toEqual([
    { ...first, verdict: "duplicate" },
  ]);
});

test("GigStream defect 4: a failure is not cached: once its cause is mended the same task can be paid", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, "in_progress");
  expect(await submit(pool, {})).toMatchObject([{ failure: { code: "task_not_completed" } }]);
  await pool.query(sql.type(anyRow)`UPDATE tasks SET status = 'completed'`);
  const deps = acceptanceOver(pool);
  const request = { paymentId, expectedGeneration: 1, actor: "operator:ada", reason: "done now" };
  expect(await retryPayment(deps, request)).toEqual({ kind: "planned", generation: 2 });
});

test("GigStream defect 5: the payment, its terms and its key are stored before anything could leave", async () => {
  await using database = await freshDatabase();
  await seed(database.pool);
  await submit(database.pool, {});
  expect(await rowsOf(database.pool, "payments")).toMatchObject([
    { id: paymentId, state: "planned", first_sent_at: null, recipient: addressOf("worker-1") },
  ]);
  expect(await countOf(database.pool, "transactions")).toBe(0);
});

test("GigStream defect 6: an actor that is no row anywhere can be audited, and the entry cannot be changed", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, "cancelled");
  await submit(pool, {});
  expect(await rowsOf(pool, "audit_log")).toMatchObject([
    { actor: "system", payment_id: paymentId },
  ]);
  await expect(pool.query(sql.type(anyRow)`UPDATE audit_log SET actor = 'nobody'`)).rejects.toThrow(
    "append-only",
  );
  await expect(pool.query(sql.type(anyRow)`DELETE FROM audit_log`)).rejects.toThrow("append-only");
});

test("GigStream defect 7: a payment in any state keeps a second one of its task from being made", async () => {
  const states = ["planned", "voiding", "review", "failed"] as const;
  for (const state of states) {
    await using database = await freshDatabase();
    const { pool } = database;
    await seed(pool);
    await submit(pool, {});
    await moveTo(pool, state);
    expect(await submit(pool, { eventId: "second" })).toMatchObject([
      { verdict: "duplicate", state },
    ]);
    expect(await submit(pool, { eventId: "third", idempotencyKey: "fresh" })).toMatchObject([
      { verdict: "conflict", code: "task_has_payment" },
    ]);
    expect(await countOf(pool, "payments")).toBe(1);
  }
});

test("GigStream defect 8: a failure leaves the task as it was", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool);
  const before = await rowsOf(pool, "tasks");
  expect(await submit(pool, { amount: units(20_000) })).toMatchObject([{ state: "failed" }]);
  expect(await rowsOf(pool, "tasks")).toEqual(before);
});

test("GigStream defect 10: what is paid is the task's amount, to the micro-unit, never the caller's", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool);
  await insertTasks(pool, [
    { platformId: "platform-1", id: "odd", workerId: "worker-1", amount: 1_005_000n },
    // 2^53 + 1 micro-units is the first amount that a double cannot hold.
    { platformId: "platform-1", id: "big", workerId: "worker-1", amount: 9_007_199_254_740_993n },
  ]);
  const submissions = [
    taskCompleted({ amount: units(51) }),
    taskCompleted({ taskId: "odd", amount: 1_005_000n }),
    taskCompleted({ taskId: "big", amount: 9_007_199_254_740_993n }),
  ].map(fromHttp);
  const deps = acceptanceOver(pool, { maxAmount: 10n ** 17n });
  await acceptBatch(deps, { submissions, offsets: [] });
  const payments = new Map((await rowsOf(pool, "payments")).map((row) => [row["task_id"], row]));
  expect(payments.get("task-1")).toMatchObject({
    state: "failed",
    failure_code: "amount_mismatch",
  });
  expect(payments.get("odd")).toMatchObject({ net_amount: "0.979875", fee: "0.025125" });
  expect(payments.get("big")).toMatchObject({
    amount: "9007199254.740993",
    net_amount: "8782019273.372469",
    fee: "225179981.368524",
  });
});

test("GigStream defect 12: a platform's own task ids are taken as they are, and its approved tasks are kept", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1", taskSource: "event" });
  await insertWorker(pool, { id: "worker-1" });
  const taskId = "order#4711/leg:2?x=';--";
  expect(await submit(pool, { taskId })).toMatchObject([{ verdict: "new", state: "planned" }]);
  expect(await rowsOf(pool, "tasks")).toMatchObject([{ id: taskId, status: "completed" }]);
});

async function moveTo(pool: Database, state: "planned" | "voiding" | "review" | "failed") {
  const set = {
    planned: sql.fragment`state = 'planned'`,
    voiding: sql.fragment`state = 'voiding', intent = 'void', failure_code = 'wallet_blocked', failure_message = 'x',
      failure_retryable = true`,
    review: sql.fragment`state = 'review', doubt_reason = 'x', doubt_since = payment_now()`,
    failed: sql.fragment`state = 'failed', intent = NULL, failure_code = 'wallet_blocked', failure_message = 'x',
      failure_retryable = true, settled_at = payment_now()`,
  }[state];
  await pool.query(sql.type(anyRow)`UPDATE payments SET ${set}`);
}
