import { Client } from "pg";
import { sql } from "slonik";
import { describe, expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { pickDue } from "../../src/dispatch/pick-due.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { createStoredSweep } from "../../src/settlement/sweep-stored.ts";
import { freshDatabase } from "../support/database.ts";
import { tamper } from "../support/tamper.ts";
import { addressOf } from "../support/seed.ts";
import {
  createWorld,
  insertPlanned,
  instance,
  itemsOf,
  readOutbox,
  readPayment,
  type SeedPayment,
} from "./settle-world.ts";

const USDC = "0x3600000000000000000000000000000000000000";

/** A payment of this task, before anybody has stored it. */
function unknownYet(taskId: string): SeedPayment {
  const recipient = addressOf(`worker-${taskId}`);
  const terms = { payer: addressOf("acme"), token: USDC, recipient, amount: 49_500_000n };
  return { id: paymentIdOf("acme", taskId), generation: 1, terms };
}

function dueFor(pool: Database) {
  const queue = {
    intent: "pay",
    payer: addressOf("acme"),
    token: USDC,
    platformId: "acme",
  } as const;
  return pickDue(pool, "arc", [queue], 10);
}

describe("a log that was stored before its payment could be seen", () => {
  test("a Paid completes the payment, which dispatch leaves alone", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    chain.pay(itemsOf([unknownYet("t1")]));
    await settleBlocks(deps, [chain.mine()]);
    const [payment] = await insertPlanned(pool, ["t1"]);
    expect(await dueFor(pool)).toEqual([[]]);
    const sweep = createStoredSweep(deps);
    expect(await sweep()).toBe(1);
    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "completed" });
    expect(await readOutbox(pool)).toMatchObject([{ topic: "payment.completed" }]);
    expect(await sweep()).toBe(0);
  });

  test("a Voided of its generation fails it; one of an older generation does not", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [closed, older] = [unknownYet("closed"), unknownYet("older")];
    const voidTxHash = chain.void(itemsOf([closed, older]));
    await settleBlocks(deps, [chain.mine()]);
    await insertPlanned(pool, ["closed", "older"]);
    await tamper(pool, sql.type(anyRow)`UPDATE payments SET generation = 2 WHERE id = ${older.id}`);
    const sweep = createStoredSweep(deps);
    expect(await sweep()).toBe(1);
    expect(await readPayment(pool, closed.id)).toMatchObject({ state: "failed", voidTxHash });
    expect(await readPayment(pool, older.id)).toMatchObject({ state: "planned", intent: "pay" });
  });
});

test("goes round a backlog of 100,000 in parts of 1,000, each read from its own index", async () => {
  await using database = await freshDatabase();
  const { pool, url } = database;
  const { chain, deps } = await createWorld(pool);
  const tasks = ["a", "b", "c", "d", "e", "f"];
  chain.pay(itemsOf(tasks.map(unknownYet)));
  await settleBlocks(deps, [chain.mine()]);
  await insertPlanned(pool, tasks);
  await insertBacklog(pool, 100_000);
  const sweep = createStoredSweep(deps);
  let found = 0;
  for (let round = 0; round < 102; round += 1) found += await sweep();
  expect(found).toBe(tasks.length);

  await using client = Object.assign(new Client({ connectionString: url }), {
    [Symbol.asyncDispose]: () => client.end(),
  });
  await client.connect();
  await client.query("SET plan_cache_mode = force_generic_plan");
  await client.query(`PREPARE look (uuid, int) AS SELECT id FROM payments
    WHERE intent IS NOT NULL AND transaction_id IS NULL AND id > $1 ORDER BY id LIMIT $2`);
  const { rows } = await client.query<{ "QUERY PLAN": string }>(
    "EXPLAIN EXECUTE look ('00000000-0000-0000-0000-000000000000', 1000)",
  );
  expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("payments_waiting");
});

const ROWS_AT_ONCE = 10_000;

/** Payments that wait for their payer's funds; in parts, because a busy machine's statement would meet its time-out. */
async function insertBacklog(pool: Database, count: number): Promise<void> {
  for (let from = 1; from <= count; from += ROWS_AT_ONCE) {
    await pool.query(sql.type(anyRow)`
      INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
        intent, rail, method, chain_id, pay_once, payer, token, recipient, net_amount, fee, occurred_at, received_at)
      SELECT gen_random_uuid(), 'acme', 'backlog-' || n, 'worker', 10, 'USDC', 'key-' || n, 'event-' || n, 'planned', 'pay',
        'arc', 'payonce', ${instance.chainId}, ${instance.payOnce}, ${addressOf("acme")}, ${USDC}, ${addressOf("worker")},
        10, 0, payment_now(), payment_now()
      FROM generate_series(${from}::int, ${Math.min(from + ROWS_AT_ONCE - 1, count)}::int) AS n`);
  }
}
