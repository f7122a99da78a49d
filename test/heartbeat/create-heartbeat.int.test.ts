import { pino } from "pino";
import { sql } from "slonik";
import { afterEach, beforeEach, expect, test } from "vitest";
import { heartbeatFindings } from "../../src/cli/heartbeat-findings.ts";
import { anyRow } from "../../src/database/pool.ts";
import { createHeartbeat, type HeartbeatDeps } from "../../src/heartbeat/create-heartbeat.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { units } from "../support/acceptance.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { stopClock } from "../support/hold-clock.ts";
import { addressOf, insertPlatform, insertWorker } from "../support/seed.ts";

const settings = {
  platformId: "ourselves",
  workerId: "our-wallet",
  everySeconds: 60,
  amount: units(1),
  currency: "USDC",
};
const FIRST = "heartbeat-2026-11-26T12:00:00.000Z";
const SECOND = "heartbeat-2026-11-26T12:01:00.000Z";

let db: FreshDatabase;
let published: TaskCompleted[];
let lastSuccess: number | undefined;
let lines: { msg: string }[];

beforeEach(async () => {
  db = await freshDatabase();
  published = [];
  lastSuccess = undefined;
  lines = [];
  await at("12:00:10");
});
afterEach(() => db[Symbol.asyncDispose]());

const at = (time: string) => stopClock(db.pool, new Date(`2026-11-26T${time}.000Z`));
const furnish = async () => {
  await insertPlatform(db.pool, { id: "ourselves", taskSource: "event" });
  await insertWorker(db.pool, { id: "our-wallet" });
};

/** Kafka is a double: what is published is listed, and is accepted when the test says so. */
function newHeartbeat(changes: Partial<HeartbeatDeps> = {}) {
  const log = pino(
    {},
    { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) },
  );
  const metrics = {
    heartbeatLast: { set: (_: object, value: number) => (lastSuccess = value), replace: () => {} },
  };
  const publish = async (event: TaskCompleted) => void published.push(event);
  return createHeartbeat({ pool: db.pool, log, metrics, publish, ...changes }, settings);
}

async function accept(taskId: string): Promise<string> {
  const id = paymentIdOf("ourselves", taskId);
  await db.pool.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id,
      state, intent, rail, method, chain_id, pay_once, payer, token, recipient, net_amount, fee,
      occurred_at, received_at)
    VALUES (${id}, 'ourselves', ${taskId}, 'our-wallet', 1, 'USDC', ${taskId}, ${taskId},
      'planned', 'pay', 'arc', 'payonce', 5042002, ${addressOf("PayOnce")}, ${addressOf("payer")},
      ${addressOf("token")}, ${addressOf("recipient")}, 1, 0, payment_now(), payment_now())`);
  return id;
}

async function complete(id: string): Promise<void> {
  await db.pool.query(sql.type(anyRow)`
    UPDATE payments SET state = 'completed', intent = NULL, settled_at = payment_now(), tx_hash = '0x1',
      block_number = 1, log_index = 0 WHERE id = ${id}`);
  await db.pool.query(sql.type(anyRow)`
    INSERT INTO outbox (event_id, topic, payment_id, generation)
    VALUES (gen_random_uuid(), 'payment.completed', ${id}, 1)`);
}

const acknowledge = (id: string) =>
  db.pool.query(sql.type(anyRow)`
    UPDATE outbox SET published_at = payment_now() WHERE payment_id = ${id}`);

test("a beat is a task of the platform's like any other, and has come through once Kafka took its outcome", async () => {
  await furnish();
  const look = newHeartbeat();
  await look();
  expect(published).toEqual([
    {
      eventId: FIRST,
      occurredAt: new Date("2026-11-26T12:00:10.000Z"),
      taskId: FIRST,
      workerId: "our-wallet",
      platformId: "ourselves",
      amount: units(1),
      currency: "USDC",
      idempotencyKey: null,
    },
  ]);
  const id = await accept(FIRST);
  await look();
  await at("12:00:12");
  await complete(id);
  await look();
  expect(lastSuccess).toBeUndefined();
  await acknowledge(id);
  await look();
  expect(lastSuccess).toBe(Date.parse("2026-11-26T12:00:12Z") / 1_000);
  expect(published).toHaveLength(1);
  await at("12:01:01");
  await look();
  expect(published.map(({ taskId }) => taskId)).toEqual([FIRST, SECOND]);
});

test("while one hangs there is no next, whoever looks and how often it starts anew", async () => {
  await furnish();
  await newHeartbeat()();
  const id = await accept(FIRST);
  await at("12:30:00");
  for (const look of [newHeartbeat(), newHeartbeat()]) {
    await look();
    await look();
  }
  expect(published).toHaveLength(1);
  await complete(id);
  await newHeartbeat()();
  expect(published.at(-1)?.taskId).toBe("heartbeat-2026-11-26T12:30:00.000Z");
});

test("who takes over knows when the last one came through", async () => {
  await furnish();
  const id = await accept(FIRST);
  await complete(id);
  await acknowledge(id);
  await newHeartbeat()();
  expect(lastSuccess).toBe(Date.parse("2026-11-26T12:00:10Z") / 1_000);
  expect(await heartbeatFindings(db.pool, settings)).toMatchObject([
    { verdict: "fine", detail: "last came through at 2026-11-26T12:00:10.000Z" },
  ]);
  expect(published).toEqual([]);
});

test("where nobody knows whether it was written, the same beat is published again", async () => {
  await furnish();
  let isInDoubt = true;
  const look = newHeartbeat({
    async publish(event) {
      published.push(event);
      if (isInDoubt) throw new Error("no answer");
    },
  });
  await expect(look()).rejects.toThrow("no answer");
  isInDoubt = false;
  await look();
  await look();
  expect(published.map(({ taskId }) => taskId)).toEqual([FIRST, FIRST]);
});

test("without its platform or its worker it says so once, and makes no dead letters", async () => {
  const look = newHeartbeat();
  await look();
  await look();
  expect(published).toEqual([]);
  expect(await heartbeatFindings(db.pool, settings)).toMatchObject([{ verdict: "open" }]);
  expect(lines.map(({ msg }) => msg)).toEqual([
    "no heartbeat: its platform or its worker is not there",
  ]);
  await furnish();
  await look();
  expect(published).toHaveLength(1);
});
