import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { replayDeadLetter } from "../../src/acceptance/replay-dead-letter.ts";
import { readPlace } from "../../src/live/live-place.ts";
import { numberOutcomes } from "../../src/live/number-outcomes.ts";
import { readOutcomes } from "../../src/live/read-outcomes.ts";
import type { PaymentFailed } from "../../src/payment/events.ts";
import { eventIdOf, paymentIdOf } from "../../src/payment/ids.ts";
import { adoptBatch } from "../../src/restore/adopt-own-topics.ts";
import { fanOut } from "../../src/webhooks/fan-out.ts";
import { batchOf, taskCompleted } from "../support/acceptance.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { becomeLetter, replayOver } from "../support/dead-letters.ts";
import { decide } from "../support/decide.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertDeployment, insertPlatform, insertWorker } from "../support/seed.ts";
import { codec, encoder, log, openEndpoint } from "../webhooks/webhook-world.ts";

let database: FreshDatabase;
let opening: Client;
let watching: Client;

beforeEach(async () => {
  database = await freshDatabase();
  [opening, watching] = await Promise.all([connect(), connect()]);
});

afterEach(async () => {
  await Promise.all([opening.end(), watching.end()]);
  await database[Symbol.asyncDispose]();
});

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return client;
}

async function readAll() {
  const { last } = await readPlace(database.pool);
  const all = { platformId: null, workerId: null, paymentId: null };
  return readOutcomes(database.pool, { after: 0n, upTo: last, limit: 1_000 }, all);
}

test("what is told of a failure is what was decided, though a replay opened its payment on other terms before it was told", async () => {
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1", taskSource: "event" });
  await insertWorker(pool, { id: "worker-1" });
  await openEndpoint(pool, "http://127.0.0.1:3000/hook", { platformId: "platform-1" });
  const deps = {
    ...replayOver(pool),
    encodePaymentFailed: (event: PaymentFailed) => encoder.encodePaymentFailed(event),
  };
  const wrong = taskCompleted({ workerId: "stranger", amount: 20_000_000_000n });
  await acceptBatch(deps, batchOf([wrong]));
  const letter = await becomeLetter(deps, taskCompleted({ eventId: "right" }));
  const order = { actor: "operator:ada", reason: "the event was wrong", dryRun: false };
  expect(await replayDeadLetter(deps, letter, order)).toMatchObject({ generation: 2 });

  const terms = { generation: 1, workerId: "stranger", amount: "20000.000000", currency: "USDC" };
  await numberOutcomes(pool);
  expect(await readAll()).toMatchObject([
    {
      told: {
        ...terms,
        failure: { code: expect.any(String), message: expect.stringMatching(/./) },
      },
    },
  ]);
  await fanOut({ pool, log, codec });
  const [message] = await rowsOf(pool, "webhook_messages");
  expect(JSON.parse(String(message?.["body"]))).toMatchObject({ data: terms });
});

test("whoever opens a payment again while its event is being numbered changes nothing of what it says", async () => {
  const [id] = await decide(opening, { taskId: "t" });
  const open = `UPDATE payments SET worker_id = 'bob', amount = 60, state = 'accepted', generation = 2, failure_code = NULL,
    failure_message = NULL, failure_retryable = NULL, settled_at = NULL WHERE id = '${id}'`;
  await opening.query("BEGIN");
  await opening.query(open);
  const numbered = numberOutcomes(database.pool);
  const waits = `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await expect.poll(async () => (await watching.query(waits)).rows).toEqual([{ waiting: 1 }]);
  await opening.query("COMMIT");
  expect(await numbered).toBe(1);
  expect(await readAll()).toMatchObject([{ told: { workerId: "amy", amount: "50.000000" } }]);
});

test("what our own topic told of a generation that a restored database had forgotten is told on the topic's terms", async () => {
  await decide(opening, { taskId: "t" });
  const paymentId = paymentIdOf("acme", "t");
  const event = {
    eventId: eventIdOf(paymentId, 2, "completed"),
    occurredAt: new Date("2026-03-01T12:00:00Z"),
    paymentId,
    generation: 2,
    sourceEventId: "the right event",
    taskId: "t",
    workerId: "bob",
    platformId: "acme",
    amount: 60_000_000n,
    fee: 600_000n,
    netAmount: 59_400_000n,
    currency: "EURC",
    rail: "arc",
    chainId: 5_042_002,
    txHash: `0x${"ab".repeat(32)}`,
    blockNumber: 7n,
    logIndex: 1,
    circleTransactionId: null,
    attempts: 1,
    latencyMs: 1_480,
  } as const;
  const topics = { paymentCompleted: "completed", paymentFailed: "failed" };
  const range = { topic: topics.paymentCompleted, partition: 0, from: 0n, to: 1n };
  const record = {
    topic: range.topic,
    partition: 0,
    offset: 0n,
    timestamp: event.occurredAt,
    key: null,
    value: encoder.encodePaymentCompleted(event),
    headers: {},
  };
  await insertDeployment(database.pool);
  await adoptBatch(
    {
      pool: database.pool,
      log,
      codec,
      topics,
      onAlarm: () => undefined,
      onPublished: () => undefined,
    },
    { range, records: [record], fromOffset: 0n, nextOffset: 1n },
  );
  await numberOutcomes(database.pool);
  expect((await readAll()).at(-1)).toMatchObject({
    told: {
      eventId: event.eventId,
      type: "payment.completed",
      workerId: "bob",
      amount: "60.000000",
      currency: "EURC",
      fee: "0.600000",
      netAmount: "59.400000",
      txHash: event.txHash,
      latencyMs: 1_480,
    },
  });
});
