import { sql } from "slonik";
import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { retryPayment } from "../../src/acceptance/retry-payment.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { acceptanceOver, batchOf, taskCompleted, units } from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { addressOf, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";

const paymentId = paymentIdOf("platform-1", "task-1");
const request = { paymentId, expectedGeneration: 1, actor: "operator:ada", reason: "mended" };

/** A payment that failed because its task was not completed. */
async function failedPayment(pool: Database) {
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  await insertTasks(pool, [
    {
      platformId: "platform-1",
      id: "task-1",
      workerId: "worker-1",
      amount: units(50),
      status: "assigned",
    },
  ]);
  const deps = acceptanceOver(pool);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  return deps;
}

async function completeTask(pool: Database): Promise<void> {
  await pool.query(sql.type(anyRow)`UPDATE tasks SET status = 'completed'`);
}

async function insertClosed(pool: Database, kind: "voided" | "skipped", generation: number) {
  await pool.query(sql.type(anyRow)`
    INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, payment_id,
      generation, slot_paid, slot_floor)
    VALUES (5042002, ${addressOf("PayOnce")}, 7, '0xb', ${`0x${kind}`}, 1, ${kind}, '0xr', ${paymentId}::uuid,
      ${generation}, false, ${kind === "skipped" ? 6 : null}::int8)`);
}

test("once the cause is mended the next generation of the same payment is planned, and the first one's event stands", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await failedPayment(pool);
  await completeTask(pool);
  expect(await retryPayment(deps, request)).toEqual({ kind: "planned", generation: 2 });
  expect(await rowsOf(pool, "payments")).toMatchObject([
    {
      id: paymentId,
      state: "planned",
      intent: "pay",
      generation: 2,
      origin: "retry",
      failure_code: null,
      settled_at: null,
      net_amount: "48.750000",
      rail: "arc",
    },
  ]);
  expect(await rowsOf(pool, "payment_outcomes")).toMatchObject([{ generation: 1, kind: "failed" }]);
  expect((await rowsOf(pool, "audit_log")).at(-1)).toMatchObject({
    actor: "operator:ada",
    action: "payment.retried",
    generation: 2,
    details: {
      reason: "mended",
      before: { state: "failed", generation: 1 },
      after: { state: "planned", generation: 2 },
    },
  });
});

test("a payment of a rail that this deployment no longer has is planned for the one that it has", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await failedPayment(pool);
  await completeTask(pool);
  await pool.query(sql.type(anyRow)`
    UPDATE payments SET rail = 'circle', method = 'payonce', chain_id = 5042002, pay_once = ${addressOf("PayOnce")}`);
  const result = await retryPayment(acceptanceOver(pool, { rail: "arc" }), request);
  expect(result).toEqual({ kind: "planned", generation: 2 });
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "planned", rail: "arc" }]);
});

test("what would fail again is refused with its reason, and nothing changes", async () => {
  await using database = await freshDatabase();
  const deps = await failedPayment(database.pool);
  const before = await rowsOf(database.pool, "payments");
  expect(await retryPayment(deps, request)).toMatchObject({
    kind: "refused",
    failure: { code: "task_not_completed" },
  });
  expect(await rowsOf(database.pool, "payments")).toEqual(before);
  expect(await countOf(database.pool, "outbox")).toBe(1);
});

test("GigStream defect 9: a retry clicked twice, or of what is in flight, opens no second generation", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await failedPayment(pool);
  await completeTask(pool);
  const rival = acceptanceOver(await database.openAnotherPool());
  const results = await Promise.all(
    [deps, rival, deps, rival].map((each) => retryPayment(each, request)),
  );
  expect(results.filter(({ kind }) => kind === "planned")).toHaveLength(1);
  expect(results.filter(({ kind }) => kind === "generation_mismatch")).toHaveLength(3);
  expect(await retryPayment(deps, { ...request, expectedGeneration: 2 })).toEqual({
    kind: "not_failed",
    state: "planned",
    generation: 2,
  });
  expect(await countOf(pool, "payments")).toBe(1);
});

test("an unknown payment is not found", async () => {
  await using database = await freshDatabase();
  expect(await retryPayment(acceptanceOver(database.pool), request)).toEqual({ kind: "not_found" });
});

test("the next generation is above every one that the chain has closed, also those a restore forgot", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await failedPayment(pool);
  await completeTask(pool);
  await insertClosed(pool, "voided", 4);
  await insertClosed(pool, "skipped", 3);
  expect(await retryPayment(deps, request)).toEqual({ kind: "planned", generation: 6 });
});

test("one that the chain has paid is not paid again: settlement gets it", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await failedPayment(pool);
  await completeTask(pool);
  await pool.query(sql.type(anyRow)`
    INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, payment_id,
      generation)
    VALUES (5042002, ${addressOf("PayOnce")}, 7, '0xb', '0xt', 1, 'paid', '0xr', ${paymentId}::uuid, 1)`);
  expect(await retryPayment(deps, request)).toEqual({ kind: "paid_on_chain" });
  expect(deps.adopted).toEqual([paymentId]);
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "failed", generation: 1 }]);
});
