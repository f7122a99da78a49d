import { pino } from "pino";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { recheckDue } from "../../src/acceptance/recheck.ts";
import { retryPayment } from "../../src/acceptance/retry-payment.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { noteOffsetAlarm } from "../../src/note-offset-alarm.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { NO_CONTRACT } from "../../src/payment/method.ts";
import { confirmRestore } from "../restore/confirm-restore.ts";
import { holdClock } from "../support/hold-clock.ts";
import { acceptanceOver, batchOf, taskCompleted, TOPIC } from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertDeployment, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";

const log = pino({ level: "silent" });
const alarm = {
  topic: TOPIC,
  partition: 0,
  known: 5n,
  low: 0n,
  high: 9n,
  stored: 1n,
  resumedAt: 1n,
};

/** The restored directory says another amount than the one that was paid in the life that the backup forgot. */
async function ineligible(pool: Database): Promise<void> {
  await insertDeployment(pool);
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  await insertTasks(pool, [
    { platformId: "platform-1", id: "task-1", workerId: "worker-1", amount: 7_000_000n },
  ]);
}

test("an ineligible event that is read again after a restore waits for the operator, and is voided then", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await ineligible(pool);
  await noteOffsetAlarm({ pool, log }, { ...alarm, kind: "restored" });
  const deps = acceptanceOver(pool);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  await holdClock(pool, 6_000);
  expect(await recheckDue(deps)).toMatchObject({ planned: 0, failed: 0, stillWaiting: 1 });
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "accepted", tries: 0 }]);
  const actions = (await rowsOf(pool, "audit_log")).map(({ action }) => action);
  expect(actions).toEqual(["alarm.offset_restored", "alarm.restored"]);

  await confirmRestore(pool);
  await holdClock(pool, 12_000);
  expect(await recheckDue(deps)).toMatchObject({ planned: 1, failed: 0 });
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "voiding", intent: "void" }]);
  expect(await rowsOf(pool, "outbox")).toEqual([]);
});

test("what an operator has confirmed opens no second restore; what Kafka knows beyond it does", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertDeployment(pool);
  const openOnes = async () =>
    (await rowsOf(pool, "restores")).filter(({ closed_at }) => closed_at === null);
  await noteOffsetAlarm({ pool, log }, { ...alarm, kind: "restored" });
  await confirmRestore(pool);
  // The consumer comes to it only now, and says what the watch had said.
  await noteOffsetAlarm({ pool, log }, { ...alarm, kind: "restored" });
  expect(await openOnes()).toEqual([]);
  await noteOffsetAlarm({ pool, log }, { ...alarm, kind: "restored", partition: 1 });
  expect(await openOnes()).toHaveLength(1);
  await confirmRestore(pool);
  await noteOffsetAlarm({ pool, log }, { ...alarm, kind: "restored", known: 6n });
  expect(await openOnes()).toHaveLength(1);
});

test("after a topic was made anew it fails at once: nothing was forgotten", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await ineligible(pool);
  await noteOffsetAlarm({ pool, log }, { ...alarm, kind: "topic_recreated" });
  await acceptBatch(acceptanceOver(pool), batchOf([taskCompleted()]));
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "failed" }]);
  expect(await rowsOf(pool, "outbox")).toHaveLength(1);
  expect(await rowsOf(pool, "restores")).toEqual([]);
});

test("a retry is refused while a restore is open", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await ineligible(pool);
  const deps = acceptanceOver(pool);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  await noteOffsetAlarm({ pool, log }, { ...alarm, kind: "restored" });
  const paymentId = paymentIdOf("platform-1", "task-1");
  const request = { paymentId, expectedGeneration: 1, actor: "operator:test", reason: "why not" };
  await expect(retryPayment(deps, request)).rejects.toMatchObject({ code: "OPERATION_REFUSED" });
});

test("a plain transfer that failed before a restore is never retried: a later generation may be paid and forgotten", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await ineligible(pool);
  const deps = acceptanceOver(pool, TRANSFERS);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  await pool.query(sql.type(anyRow)`UPDATE tasks SET amount = 50`);
  await noteOffsetAlarm({ pool, log }, { ...alarm, kind: "restored" });
  await confirmRestore(pool);
  const paymentId = paymentIdOf("platform-1", "task-1");
  const request = { paymentId, expectedGeneration: 1, actor: "operator:test", reason: "why not" };

  expect(await retryPayment(deps, request)).toEqual({ kind: "before_restore", generation: 1 });
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "failed", generation: 1 }]);
});

const TRANSFERS = {
  rail: "circle",
  method: "transfer",
  payOnce: NO_CONTRACT,
  payers: { has: () => true },
} as const;
