import { randomUUID } from "node:crypto";
import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { anyRow } from "../../src/database/pool.ts";
import { spansOf } from "../../src/metrics/stage-spans.ts";
import { eventIdOf, paymentIdOf } from "../../src/payment/ids.ts";
import { markPublished } from "../../src/relay/mark-rows.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";

let db: FreshDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

/** A payment that failed at acceptance, three seconds after it occurred, and its event in the outbox. */
async function insertFailed(taskId: string): Promise<{ paymentId: string; outboxId: bigint }> {
  const paymentId = paymentIdOf("p", taskId);
  const eventId = eventIdOf(paymentId, 1, "failed");
  await db.pool.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
      failure_code, failure_message, failure_retryable, occurred_at, received_at, settled_at, traceparent)
    VALUES (${paymentId}, 'p', ${taskId}, 'w', 3, 'USDC', ${taskId}, ${taskId}, 'failed', 'task_not_found', 'No.', true,
      payment_now() - interval '3 seconds', payment_now(), payment_now(),
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')`);
  await db.pool.query(sql.type(anyRow)`
    INSERT INTO payment_outcomes (payment_id, generation, kind, code, event_id)
    VALUES (${paymentId}, 1, 'failed', 'task_not_found', ${eventId})`);
  return { paymentId, outboxId: await insertRow(eventId, paymentId) };
}

const mark = (outboxId: bigint) => markPublished(db.pool, [outboxId], performance.now());

function insertRow(eventId: string, paymentId: string | null): Promise<bigint> {
  return db.pool.oneFirst(sql.type(z.object({ id: z.bigint() }))`
    INSERT INTO outbox (event_id, topic, payment_id, generation)
    VALUES (${eventId}, 'topic', ${paymentId}, ${paymentId === null ? null : 1}) RETURNING id`);
}

test("an outcome is told of once, with all that its payment's time went to, however often it is published", async () => {
  const { paymentId, outboxId } = await insertFailed("once");
  const first = await mark(outboxId);
  expect(first).toMatchObject({
    records: 1,
    outcomes: [
      {
        paymentId,
        generation: 1,
        kind: "failed",
        code: "task_not_found",
        payment: { taskId: "once", origin: "live", tries: 0, paid: null, rail: null },
      },
    ],
  });
  const stamps = first.outcomes[0]?.payment?.stamps;
  expect(stamps && spansOf(stamps).map(({ stage }) => stage)).toEqual([
    "ingest_wait",
    "accept",
    "relay",
  ]);
  expect(await mark(outboxId)).toEqual({ records: 0, outcomes: [] });
});

test("of a payment whose next generation has begun only the outcome is left to tell", async () => {
  const { paymentId, outboxId } = await insertFailed("retried");
  await db.pool.query(sql.type(anyRow)`
    UPDATE payments SET state = 'accepted', generation = 2, settled_at = NULL WHERE id = ${paymentId}`);
  expect(await mark(outboxId)).toEqual({
    records: 1,
    outcomes: [{ paymentId, generation: 1, kind: "failed", code: "task_not_found", payment: null }],
  });
});

test("a dead letter's record ends no payment", async () => {
  const outboxId = await insertRow(randomUUID(), null);
  expect(await mark(outboxId)).toEqual({ records: 1, outcomes: [] });
});
