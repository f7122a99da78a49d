import { randomUUID } from "node:crypto";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { createStampReader } from "../../../sandbox/audit/read-stamps.ts";
import { anyRow, type Database } from "../../../src/database/pool.ts";
import { planPayments } from "../../dispatch/dispatch-world.ts";
import { freshDatabase } from "../../support/database.ts";
import { addressOf } from "../../support/seed.ts";

const name = (taskId: string) => ({ platformId: "gigstream", taskId });

/** A stored, open send of these payments that nobody has answered. */
async function storeSend(pool: Database, paymentIds: readonly string[]): Promise<string> {
  const id = randomUUID();
  await pool.query(sql.type(anyRow)`
    INSERT INTO transactions (id, rail, chain_id, pay_once, operator, kind, item_count, calldata, gas_limit,
      wallet_id, idempotency_key)
    VALUES (${id}, 'circle', 5042002, ${addressOf("PayOnce")}, ${addressOf("operator")}, 'pay',
      ${paymentIds.length}, '0x00', 1, 'wallet', ${randomUUID()})`);
  await pool.query(sql.type(anyRow)`
    INSERT INTO transaction_items (transaction_id, position, payment_id, generation, payer, token, recipient, amount)
    SELECT ${id}::uuid, row_number() OVER () - 1, p.id, 1, p.payer, p.token, p.recipient, p.net_amount
    FROM payments p WHERE p.id = ANY(${sql.array(paymentIds, "uuid")})`);
  return id;
}

test("stamps come for the tasks asked for that have a payment, in ms since the epoch", async () => {
  await using database = await freshDatabase();
  await using reader = createStampReader(database.url);
  const before = Date.now();
  await planPayments(database.pool, { name: "task", count: 3 });
  const found = await reader.stamps([name("task-0"), name("task-2"), name("never-published")]);
  expect(found.map(({ taskId }) => taskId).toSorted()).toEqual(["task-0", "task-2"]);
  for (const { acceptedAtMs, settledAtMs } of found) {
    expect(acceptedAtMs).toBeGreaterThanOrEqual(before - 1);
    expect(acceptedAtMs).toBeLessThanOrEqual(Date.now() + 1);
    expect(settledAtMs).toBeNull();
  }
  expect(await reader.stamps([])).toEqual([]);
});

test("a send counts as answered since the kill only if it was not answered before", async () => {
  await using database = await freshDatabase();
  await using reader = createStampReader(database.url);
  const [first = "", second = "", third = ""] = await planPayments(database.pool, {
    name: "task",
    count: 3,
  });
  const lost = await storeSend(database.pool, [first, second]);
  const silent = await storeSend(database.pool, [third]);
  const unanswered = await reader.unanswered();
  expect(unanswered.map(({ taskId }) => taskId).toSorted()).toEqual(["task-0", "task-1", "task-2"]);
  const killedAtMs = Date.now() - 1_000;
  await database.pool.query(sql.type(anyRow)`
    UPDATE transactions SET submitted_at = statement_timestamp() WHERE id = ${lost}`);
  const ids = [lost, silent];
  expect(await reader.answeredSince(ids, killedAtMs)).toEqual(new Set([lost]));
  expect(await reader.answeredSince(ids, Date.now() + 60_000)).toEqual(new Set());
  expect((await reader.unanswered()).map(({ sendId }) => sendId)).toEqual([silent]);
});

test("what is taken in of a topic is summed over its partitions", async () => {
  await using database = await freshDatabase();
  await using reader = createStampReader(database.url);
  expect(await reader.takenIn("task.completed")).toBe(0n);
  await database.pool.query(sql.type(anyRow)`
    INSERT INTO kafka_offsets (topic, partition, next_offset)
    VALUES ('task.completed', 0, 7), ('task.completed', 1, 5), ('another', 0, 100)`);
  expect(await reader.takenIn("task.completed")).toBe(12n);
});
