import { pino } from "pino";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { paymentIdOf, refOf } from "../../src/payment/ids.ts";
import { adoptWithin } from "../../src/settlement/adopt-stored.ts";
import { announceSettled, type SettleDeps } from "../../src/settlement/settle-logs.ts";
import { createWake } from "../../src/wake.ts";
import { acceptanceOver, batchOf, taskCompleted, tokens, units } from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import { rowsOf } from "../support/read-rows.ts";
import {
  addressOf,
  insertDeployment,
  insertPlatform,
  insertTasks,
  insertWorker,
} from "../support/seed.ts";
import { unobserved } from "../support/unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

const paymentId = paymentIdOf("platform-1", "task-1");

/** Acceptance that hands over to the real settlement, as app.ts strings them together. */
function acceptanceWithSettlement(pool: Database) {
  const alarms: string[] = [];
  const asJson = (event: object) =>
    Buffer.from(
      JSON.stringify(event, (_, value: unknown) =>
        typeof value === "bigint" ? value.toString() : value,
      ),
    );
  const settling: SettleDeps = {
    pool,
    log: pino({ level: "silent" }),
    metrics: unobserved,
    tracing: untraced,
    instance: { chainId: 5042002, payOnce: addressOf("PayOnce") },
    tokens,
    rail: "arc",
    retries: { delaysMs: [] },
    reputationPoints: 10,
    topics: { completed: "payment.completed", failed: "payment.failed" },
    encoder: { encodePaymentCompleted: asJson, encodePaymentFailed: asJson },
    wakes: { relay: createWake(), dispatch: createWake() },
    pausesOnAlarm: false,
    onAlarm: ({ kind }) => alarms.push(kind),
  };
  const deps = {
    ...acceptanceOver(pool),
    adopt: async (...[tx, ids]: Parameters<ReturnType<typeof acceptanceOver>["adopt"]>) => {
      const settled = await adoptWithin(tx, settling, ids);
      return () => announceSettled(settling, settled);
    },
  };
  return { deps, alarms };
}

async function insertPaid(pool: Database, recipient: string): Promise<void> {
  await pool.query(sql.type(anyRow)`
    INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, payment_id,
      generation, payer, recipient, token, amount_micros, transfer_log_index)
    VALUES (5042002, ${addressOf("PayOnce")}, 7, '0xb', '0xt', 1, 'paid', ${refOf(paymentId)}, ${paymentId}::uuid, 1,
      ${addressOf("platform-1")}, ${recipient}, ${tokens.USDC}, 48750000, 0)`);
}

test("trace 7: a restored payment whose Paid is stored is completed in the commit that creates it, once", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertDeployment(pool, { restoredAt: new Date("2026-03-02T00:00:00.000Z") });
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  await insertTasks(pool, [
    { platformId: "platform-1", id: "task-1", workerId: "worker-1", amount: units(50) },
  ]);
  await insertPaid(pool, addressOf("worker-1"));
  const { deps, alarms } = acceptanceWithSettlement(pool);
  await acceptBatch(deps, batchOf([taskCompleted(), taskCompleted({ eventId: "again" })]));
  expect(await rowsOf(pool, "payments")).toMatchObject([
    { state: "completed", tx_hash: "0xt", intent: null, fee: "1.250000" },
  ]);
  expect(await rowsOf(pool, "outbox")).toMatchObject([{ topic: "payment.completed" }]);
  expect(await rowsOf(pool, "tasks")).toMatchObject([{ status: "paid", paid_by: paymentId }]);
  expect(alarms).toEqual([]);
});

test("trace 6: the same, though the restored directory knows neither task nor worker and the wallet was another", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertDeployment(pool, { restoredAt: new Date("2026-03-02T00:00:00.000Z") });
  await insertPlatform(pool, { id: "platform-1" });
  await insertPaid(pool, addressOf("the wallet of then"));
  const { deps, alarms } = acceptanceWithSettlement(pool);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  expect(await rowsOf(pool, "payments")).toMatchObject([
    { state: "completed", recipient: addressOf("the wallet of then") },
  ]);
  expect(await rowsOf(pool, "payment_outcomes")).toMatchObject([{ kind: "completed" }]);
  expect(alarms).toEqual([]);
});

test("without a restore a Paid to another wallet is a review and an alarm, never a second payment", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  await insertTasks(pool, [
    { platformId: "platform-1", id: "task-1", workerId: "worker-1", amount: units(50) },
  ]);
  await insertPaid(pool, addressOf("a thief"));
  const { deps, alarms } = acceptanceWithSettlement(pool);
  await acceptBatch(deps, batchOf([taskCompleted()]));
  expect(await rowsOf(pool, "payments")).toMatchObject([
    { state: "review", intent: null, doubt_reason: "paid_contradicts_terms" },
  ]);
  expect(alarms).toEqual(["paid_contradicts_terms"]);
});
