import { sql } from "slonik";
import { pino } from "pino";
import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { recheckDue, runRecheck } from "../../src/acceptance/recheck.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { createWake } from "../../src/wake.ts";
import { acceptanceOver, batchOf, taskCompleted, units } from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertDeployment, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";

const task = { platformId: "platform-1", id: "task-1", workerId: "worker-1", amount: units(50) };

/** Makes every wait over without waiting: the database's clock is the only one that SQL reads. */
async function setClock(pool: Database, aheadMs: number): Promise<void> {
  const body = sql.literalValue(
    `SELECT statement_timestamp() + interval '${aheadMs} milliseconds'`,
  );
  await pool.query(sql.type(anyRow)`
    CREATE OR REPLACE FUNCTION payment_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS ${body}`);
}

test("a task that comes after its event is paid at the next look", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  const deps = acceptanceOver(pool);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  expect(await recheckDue(deps)).toMatchObject({ planned: 0, failed: 0, stillWaiting: 0 });

  await insertTasks(pool, [task]);
  await setClock(pool, 2_500);
  expect(await recheckDue(deps)).toMatchObject({ planned: 1, nextDueInMs: null });
  expect(await rowsOf(pool, "payments")).toMatchObject([
    { state: "planned", intent: "pay", tries: 0, net_amount: "48.750000", next_attempt_at: null },
  ]);
});

test("one that never comes fails after 2, 4 and 6 s, with its event, outcome and audit entry", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1" });
  const deps = acceptanceOver(pool);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  for (const [aheadMs, nextMs] of [
    [2_100, 4_000],
    [6_200, 6_000],
  ] as const) {
    await setClock(pool, aheadMs);
    const { stillWaiting, nextDueInMs } = await recheckDue(deps);
    expect(stillWaiting).toBe(1);
    expect(nextDueInMs).toBeLessThanOrEqual(nextMs);
    expect(nextDueInMs).toBeGreaterThan(nextMs - 2_000);
    expect(await recheckDue(deps), "not before its time").toMatchObject({ stillWaiting: 0 });
  }
  await setClock(pool, 12_300);
  expect(await recheckDue(deps)).toMatchObject({ failed: 1, nextDueInMs: null });
  expect(await rowsOf(pool, "payments")).toMatchObject([
    { state: "failed", failure_code: "task_not_found", failure_retryable: true },
  ]);
  expect(await rowsOf(pool, "outbox")).toMatchObject([{ topic: "payment.failed", generation: 1 }]);
  expect(await rowsOf(pool, "payment_outcomes")).toMatchObject([{ code: "task_not_found" }]);
  expect(await rowsOf(pool, "audit_log")).toMatchObject([{ action: "payment.failed" }]);
});

test("after a restore one that never comes is voided, not failed", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1" });
  await insertDeployment(pool, { restoredAt: new Date("2026-03-02T00:00:00.000Z") });
  const deps = acceptanceOver(pool, { retryDelaysMs: [0] });
  await acceptBatch(deps, batchOf([taskCompleted()]));
  expect(await recheckDue(deps)).toMatchObject({ planned: 1, failed: 0 });
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "voiding", intent: "void" }]);
});

test("two instances that look at once do not look twice", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1" });
  const deps = acceptanceOver(pool);
  const events = Array.from({ length: 300 }, (_, i) => taskCompleted({ taskId: `task-${i}` }));
  await acceptBatch(deps, batchOf(events));
  await setClock(pool, 2_100);
  const rival = acceptanceOver(await database.openAnotherPool());
  const rounds = await Promise.all([deps, rival].map((each) => recheckDue(each)));
  const rest = await recheckDue(deps);
  const seen = [...rounds, rest].reduce((sum, { stillWaiting }) => sum + stillWaiting, 0);
  expect(seen).toBe(300);
  expect((await rowsOf(pool, "payments")).map(({ tries }) => tries)).toEqual(Array(300).fill(1));
});

test("the loop looks when it is rung and when something is due, and ends with its signal", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  const wake = createWake();
  const stop = new AbortController();
  const planned = Promise.withResolvers<void>();
  const deps = {
    // Looks enough for a machine that takes long to write the task.
    ...acceptanceOver(pool, { retryDelaysMs: Array.from({ length: 200 }, () => 30) }),
    log: pino({ level: "silent" }),
    announce: (stage: string) => (stage === "recheck" ? wake.ring() : planned.resolve()),
  };
  const loop = runRecheck(deps, wake, stop.signal);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  await insertTasks(pool, [task]);
  await planned.promise;
  stop.abort();
  await loop;
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "planned" }]);
});

test("what waited through a stop of a month is looked at, however much of it there is", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1" });
  const deps = acceptanceOver(pool);
  const events = Array.from({ length: 201 }, (_, i) => taskCompleted({ taskId: `task-${i}` }));
  await acceptBatch(deps, batchOf(events));
  await setClock(pool, 30 * 86_400_000);
  expect(await recheckDue(deps)).toMatchObject({ stillWaiting: 200 });
  expect(await recheckDue(deps)).toMatchObject({ stillWaiting: 1 });
});
