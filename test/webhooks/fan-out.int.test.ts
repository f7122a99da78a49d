import { pino } from "pino";
import { sql } from "slonik";
import { z } from "zod";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { transact } from "../../src/database/transact.ts";
import { oweAnnounced, oweMessages } from "../../src/database/webhook-messages.ts";
import { eventIdOf, paymentIdOf } from "../../src/payment/ids.ts";
import { openRestore } from "../../src/restore/open-restore.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { changeEndpoint } from "../../src/webhooks/change-endpoint.ts";
import { fanOut } from "../../src/webhooks/fan-out.ts";
import {
  createWorld,
  insertPlanned,
  insertSend,
  itemsOf,
  type World,
} from "../settlement/settle-world.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { insertPlatform } from "../support/seed.ts";
import { codec, encoder, log, openEndpoint, readDeliveries } from "./webhook-world.ts";

const URL = "http://127.0.0.1:3000/hook";

let database: FreshDatabase;
let pool: Database;
let world: World;

beforeEach(async () => {
  database = await freshDatabase();
  pool = database.pool;
  world = await createWorld(pool);
  await insertPlatform(pool, { id: "other" });
});
afterEach(() => database[Symbol.asyncDispose]());

const fan = () => fanOut({ pool, log, codec });

/** Pays the task on chain and settles it, as the line does. */
async function settle(taskId: string): Promise<void> {
  const { chain, deps } = world;
  const [payment] = await insertPlanned(pool, [taskId]);
  const txHash = chain.pay(itemsOf([payment]));
  await insertSend(pool, [payment], { hashes: [txHash] });
  await settleBlocks({ ...deps, encoder }, [chain.mine()]);
}

const eventOf = (taskId: string) => eventIdOf(paymentIdOf("acme", taskId), 1, "completed");

test("the commit that completes a payment owes its platform's endpoints the event as Kafka has it", async () => {
  const { id } = await openEndpoint(pool, URL);
  await openEndpoint(pool, URL, { platformId: "other" });
  await settle("t1");
  expect(await fan()).toEqual({ messages: 1, deliveries: 1, hasEndpoints: true });
  expect(await readDeliveries(pool)).toMatchObject([
    { endpointId: id, webhookId: eventOf("t1"), status: "pending", attempts: 0, waitSeconds: 0 },
  ]);
  const [message] = await rowsOf(pool, "webhook_messages");
  const body = JSON.parse(String(message?.["body"])) as { data: { occurredAt: string } };
  expect(body).toEqual({
    type: "payment.completed",
    timestamp: body.data.occurredAt,
    data: {
      eventId: eventOf("t1"),
      occurredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/),
      paymentId: paymentIdOf("acme", "t1"),
      generation: 1,
      sourceEventId: "event-t1",
      taskId: "t1",
      workerId: "worker-t1",
      platformId: "acme",
      amount: "50.000000",
      fee: "0.500000",
      netAmount: "49.500000",
      currency: "USDC",
      rail: "arc",
      chainId: 5042002,
      txHash: expect.stringMatching(/^0x/),
      blockNumber: 101,
      logIndex: 1,
      circleTransactionId: null,
      attempts: 1,
      latencyMs: expect.any(Number),
    },
  });
  expect(await fan()).toMatchObject({ messages: 0, deliveries: 0 });
});

test("where there is no endpoint nothing is written, and nobody else's endpoint changes that", async () => {
  await settle("t1");
  expect(await fan()).toEqual({ messages: 0, deliveries: 0, hasEndpoints: false });
  await openEndpoint(pool, URL, { platformId: "other" });
  await settle("t2");
  expect(await countOf(pool, "webhook_messages")).toBe(0);
  expect(await countOf(pool, "outbox")).toBe(2);
});

test("where there is no endpoint at all, the commit does not even begin to look whose outcomes they are", async () => {
  const planOf = async () => {
    const rows = await pool.any(sql.type(z.record(z.string(), z.string()))`
      EXPLAIN (ANALYZE, COSTS off, TIMING off)
      WITH written AS (SELECT event_id, payment_id, 'completed' AS kind, payload FROM outbox)
      ${oweMessages}`);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  };
  await settle("t1");
  const plan = await planOf();
  expect(plan).toContain("One-Time Filter");
  for (const table of ["payments", "outbox"]) {
    const scan = plan.split("\n").find((step) => new RegExp(` on ${table}\\b`).test(step));
    expect(scan, table).toContain("never executed");
  }
  await openEndpoint(pool, URL);
  expect(await planOf()).not.toMatch(/ on payments\b.*never executed/);
});

test("an endpoint is told of what it asked for, and of nothing while it is disabled", async () => {
  const failures = await openEndpoint(pool, URL, { eventTypes: ["payment.failed"] });
  const all = await openEndpoint(pool, URL);
  const off = await openEndpoint(pool, URL);
  await changeEndpoint(pool, off.id, { enabled: false }, { actor: "test" });
  await settle("t1");
  await fan();
  expect((await readDeliveries(pool)).map(({ endpointId }) => endpointId)).toEqual([all.id]);
  await changeEndpoint(pool, all.id, { enabled: false }, { actor: "test" });
  await changeEndpoint(pool, failures.id, { enabled: false }, { actor: "test" });
  await settle("t2");
  expect(await countOf(pool, "webhook_messages"), "nobody is left to be told").toBe(1);
});

test("an outcome whose commit is slow is told of when it comes, though later ones were told of before", async () => {
  await openEndpoint(pool, URL);
  const [inserted, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = transact(pool, async (tx) => {
    const payload = encoder.encodePaymentFailed(failed);
    await oweAnnounced(tx, [
      { eventId: failed.eventId, platformId: "acme", kind: "failed", payload },
    ]);
    inserted.resolve();
    await mayCommit.promise;
  });
  await inserted.promise;
  await settle("quick");
  expect(await fan()).toMatchObject({ deliveries: 1 });
  mayCommit.resolve();
  await slow;
  expect(await fan()).toMatchObject({ deliveries: 1 });
  const told = await readDeliveries(pool);
  expect(told.map(({ webhookId }) => webhookId)).toEqual([eventOf("quick"), failed.eventId]);
});

const failed = {
  eventId: eventIdOf(paymentIdOf("acme", "t9"), 2, "failed"),
  occurredAt: new Date("2026-03-01T12:00:00.000Z"),
  paymentId: paymentIdOf("acme", "t9"),
  generation: 2,
  sourceEventId: "event-t9",
  taskId: "t9",
  workerId: "worker-t9",
  platformId: "acme",
  amount: 50_000_000n,
  currency: "USDC",
  code: "wallet_blocked",
  message: "The token refuses the worker's wallet.",
  retryable: true,
  attempts: 0,
  voidTxHash: null,
} as const;

test("what our own topics hold and a restored database forgot is owed again, under the same id", async () => {
  await openEndpoint(pool, URL);
  const payload = encoder.encodePaymentFailed(failed);
  const announced = { eventId: failed.eventId, kind: "failed", payload } as const;
  const owe = () =>
    transact(pool, (tx) =>
      oweAnnounced(tx, [
        { ...announced, platformId: "acme" },
        { ...announced, platformId: "other", eventId: eventOf("t2") },
      ]),
    );
  await owe();
  await owe();
  expect(await fan()).toMatchObject({ messages: 1, deliveries: 1 });
  const [message] = await rowsOf(pool, "webhook_messages");
  expect(JSON.parse(String(message?.["body"]))).toMatchObject({
    type: "payment.failed",
    timestamp: "2026-03-01T12:00:00.000Z",
    data: { code: "wallet_blocked", retryable: true, amount: "50.000000", voidTxHash: null },
  });
});

test("two instances that fan out at once make each delivery once", async () => {
  await openEndpoint(pool, URL);
  for (const taskId of ["t1", "t2", "t3"]) await settle(taskId);
  await Promise.all(Array.from({ length: 6 }, fan));
  expect(await readDeliveries(pool)).toHaveLength(3);
});

test("a message that another instance is at is passed over, and holds up none beside it", async () => {
  await openEndpoint(pool, URL);
  for (const taskId of ["t1", "t2"]) await settle(taskId);
  const [locked, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const another = await database.openAnotherPool();
  const held = transact(another, async (tx) => {
    await tx.query(sql.type(anyRow)`
      SELECT FROM webhook_messages WHERE id = ${eventOf("t1")} FOR UPDATE`);
    locked.resolve();
    await over.promise;
  });
  await locked.promise;
  expect(await fan()).toMatchObject({ messages: 2, deliveries: 1 });
  over.resolve();
  await held;
  expect(await fan()).toMatchObject({ messages: 1, deliveries: 1 });
});

test("nothing is made while a restored database has yet to read its own topics", async () => {
  await openEndpoint(pool, URL);
  await settle("t1");
  await openRestore({ db: pool, log }, { kind: "paid_unknown", count: 1, logs: [] });
  expect(await fan()).toMatchObject({ messages: 0 });
  await pool.query(sql.type(anyRow)`UPDATE restores SET topics_read_at = payment_now()`);
  expect(await fan()).toMatchObject({ deliveries: 1 });
});

test("an event that cannot be read is an error in the log, and its neighbours are told of", async () => {
  await openEndpoint(pool, URL);
  await settle("t1");
  await settle("t2");
  await pool.query(sql.type(anyRow)`
    UPDATE webhook_messages SET payload = 'nothing' WHERE id = ${eventOf("t1")}`);
  const lines: string[] = [];
  const heard = pino({ level: "error" }, { write: (line: string) => void lines.push(line) });
  expect(await fanOut({ pool, log: heard, codec })).toMatchObject({ messages: 2, deliveries: 1 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(eventOf("t1"));
  expect(await fan()).toMatchObject({ messages: 0 });
});
