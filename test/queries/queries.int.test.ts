import { sql } from "slonik";
import { beforeAll, expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { getPayment } from "../../src/queries/get-payment.ts";
import { listPayments } from "../../src/queries/list-payments.ts";
import { workerStats } from "../../src/queries/worker-stats.ts";
import { freshDatabase } from "../support/database.ts";
import { addressOf } from "../support/seed.ts";

let db: Database;

/** One completed payment per cent above 10 USDC, settled `latencyMs` after it occurred. */
async function insertCompleted(taskId: string, amount: string, latencyMs: number): Promise<void> {
  await db.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
      rail, method, chain_id, pay_once, payer, token, recipient, net_amount, fee, tx_hash, block_number, log_index,
      occurred_at, received_at, accepted_at, planned_at, first_sent_at, sent_at, submitted_at, followed_at, logs_read_at,
      settled_at)
    SELECT ${paymentIdOf("p", taskId)}::uuid, 'p', ${taskId}, 'w', ${amount}::numeric, 'USDC', ${`k-${taskId}`}, ${`e-${taskId}`},
      'completed', 'arc', 'payonce', 5042002, ${addressOf("payonce")}, ${addressOf("p")}, ${addressOf("usdc")},
      ${addressOf("w")}, ${amount}::numeric - 0.1, 0.1, ${`0x${taskId}`}, 7, 0, t, t + interval '20 ms', t + interval '50 ms',
      t + interval '50 ms', t + interval '100 ms', t + interval '100 ms', t + interval '300 ms', t + interval '900 ms',
      t + interval '910 ms', t + ${latencyMs} * interval '1 ms'
    FROM (SELECT payment_now() AS t)`);
  await db.query(sql.type(anyRow)`
    INSERT INTO outbox (event_id, topic, payment_id, generation, created_at, published_at)
    SELECT gen_random_uuid(), 'payment.completed', id, generation, settled_at + interval '5 ms', settled_at + interval '40 ms'
    FROM payments WHERE id = ${paymentIdOf("p", taskId)}::uuid`);
}

beforeAll(async () => {
  db = (await freshDatabase()).pool;
  for (let n = 1; n <= 5; n += 1) await insertCompleted(`t${n}`, `1${n}.000001`, 1_000 * n);
  await db.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
      failure_code, failure_message, failure_retryable, occurred_at, received_at, settled_at)
    VALUES (${paymentIdOf("p", "bad")}::uuid, 'p', 'bad', 'w', 3, 'USDC', 'k-bad', 'e-bad', 'failed',
      'task_not_found', 'There is no such task.', true, payment_now(), payment_now(), payment_now())`);
});

test("a payment shows its amounts with six decimals and its stages without a gap", async () => {
  const payment = await getPayment(db, paymentIdOf("p", "t1"), "https://explorer");
  expect(payment).toMatchObject({
    state: "completed",
    amount: "11.000001",
    fee: "0.100000",
    netAmount: "10.900001",
    explorerUrl: "https://explorer/tx/0xt1",
    failure: null,
    latencyMs: 1_000,
    traceId: null,
  });
  expect(payment?.timeline.map(({ stage, durationMs }) => `${stage} ${durationMs}`)).toEqual([
    "ingest_wait 20",
    "accept 30",
    "dispatch_wait 50",
    "submit 200",
    "chain 600",
    "follow 10",
    "settle 90",
    "relay 40",
  ]);
  const paid = Date.parse(payment?.completedAt ?? "") - Date.parse(payment?.occurredAt ?? "");
  expect(paid, "the relay comes on top of it").toBe(1_000);
});

test("a failure says why; an unknown id is null", async () => {
  const payment = await getPayment(db, paymentIdOf("p", "bad"));
  expect(payment?.failure).toEqual({
    code: "task_not_found",
    message: "There is no such task.",
    retryable: true,
  });
  expect(payment?.netAmount).toBeNull();
  expect(await getPayment(db, paymentIdOf("p", "nobody"))).toBeNull();
});

test("pages walk a worker's payments, newest first, each exactly once, also while new ones arrive", async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 10; page += 1) {
    const { data, nextCursor } = await listPayments(
      db,
      { workerId: "w", state: "completed" },
      { limit: 2, ...(cursor !== undefined && { cursor }) },
    );
    seen.push(...data.map(({ taskId }) => taskId));
    if (page === 0) await insertCompleted("late", "20", 500);
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  expect(seen).toEqual(["t5", "t4", "t3", "t2", "t1"]);
});

test("a worker's statistics sum what was completed, exactly", async () => {
  const stats = await workerStats(db, "w");
  expect(stats).toMatchObject({ total: 7, completed: 6, failed: 1, inProgress: 0, inReview: 0 });
  expect(stats.byCurrency).toEqual([
    { currency: "USDC", totalAmount: "85.000005", totalFees: "0.600000", totalNet: "84.400005" },
  ]);
  expect(stats.successRate).toBeCloseTo(6 / 7);
  expect(await workerStats(db, "stranger")).toMatchObject({
    total: 0,
    successRate: null,
    meanLatencyMs: null,
    byCurrency: [],
  });
});

test("an event that was a month old when it was paid is shown like any other", async () => {
  const monthMs = 30 * 86_400_000;
  await insertCompleted("old", "10", monthMs);
  expect(await getPayment(db, paymentIdOf("p", "old"))).toMatchObject({ latencyMs: monthMs });
  expect((await workerStats(db, "w")).meanLatencyMs).toBeGreaterThan(monthMs / 10);
});
