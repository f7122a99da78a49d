import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { acceptBulk, type BulkRequest } from "../../src/acceptance/accept-bulk.ts";
import type { AcceptanceDeps } from "../../src/acceptance/acceptance-deps.ts";
import type { Database } from "../../src/database/pool.ts";
import { createRequestBatcher } from "../../src/intake/request-batcher.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { getPayment } from "../../src/queries/get-payment.ts";
import { listPayments } from "../../src/queries/list-payments.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import { acceptanceOver, taskCompleted, units } from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import { countOf } from "../support/read-rows.ts";
import { insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";

const BULK_ID = "3f0c1c52-53a0-4f0e-9a44-6b0f0f1d6c11";
const idOf = (taskId: string) => paymentIdOf("platform-1", taskId);
const read = (event: Partial<TaskCompleted>) =>
  ({ ok: true, event: taskCompleted(event) }) as const;
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => read({ taskId: `task-${index}` }));

/** The accept commit, as the API gives it to bulks. */
function through(deps: AcceptanceDeps): Parameters<typeof acceptBulk>[0] {
  return createRequestBatcher((input) => acceptBatch(deps, input));
}

async function seed(pool: Database, count: number): Promise<void> {
  await insertPlatform(pool, { id: "platform-1" });
  await insertWorker(pool, { id: "worker-1" });
  const tasks = many(count).map(({ event }) => event);
  await insertTasks(
    pool,
    tasks.map(({ taskId: id, platformId, workerId, amount }) => ({
      id,
      platformId,
      workerId,
      amount,
    })),
  );
}

test("items are independent: each has its own outcome, in order, and the good ones are planned", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, 4);
  const deps = acceptanceOver(pool);
  await acceptBulk(through(deps), { items: [read({ taskId: "task-3" })] });
  deps.announced.length = 0;

  const bulk = await acceptBulk(through(deps), {
    bulkId: BULK_ID,
    items: [
      read({ taskId: "task-0" }),
      { ok: false, code: "amount_invalid", message: "amount must be a string." },
      read({ taskId: "task-1", eventId: "no spaces" }),
      read({ taskId: "task-1", amount: units(51), idempotencyKey: "own" }),
      read({ taskId: "task-0", eventId: "again" }),
      read({ taskId: "task-2", idempotencyKey: "own" }),
      read({ taskId: "task-3" }),
      read({ taskId: "task-2" }),
    ],
  });

  expect(bulk).toEqual({
    bulkId: BULK_ID,
    accepted: 3,
    duplicates: 2,
    rejected: 3,
    results: [
      { index: 0, status: "accepted", paymentId: idOf("task-0"), problem: null },
      {
        index: 1,
        status: "rejected",
        paymentId: null,
        problem: { code: "amount_invalid", message: "amount must be a string.", field: null },
      },
      {
        index: 2,
        status: "rejected",
        paymentId: null,
        problem: { code: "id_invalid", message: expect.any(String), field: "eventId" },
      },
      // A business refusal is a payment that failed: it is accepted, and says why it will not be paid.
      {
        index: 3,
        status: "accepted",
        paymentId: idOf("task-1"),
        problem: { code: "amount_mismatch", message: expect.any(String), field: null },
      },
      { index: 4, status: "duplicate", paymentId: idOf("task-0"), problem: null },
      {
        index: 5,
        status: "rejected",
        paymentId: idOf("task-1"),
        problem: {
          code: "idempotency_key_conflict",
          message: expect.any(String),
          field: "taskId",
        },
      },
      { index: 6, status: "duplicate", paymentId: idOf("task-3"), problem: null },
      { index: 7, status: "accepted", paymentId: idOf("task-2"), problem: null },
    ],
  });
  const stored = await listPayments(pool, { bulkId: BULK_ID });
  expect(new Set(stored.data.map(({ id, state }) => [id, state].join(" ")))).toEqual(
    new Set([`${idOf("task-0")} planned`, `${idOf("task-1")} failed`, `${idOf("task-2")} planned`]),
  );
  expect(new Set(deps.announced)).toEqual(new Set(["dispatch", "relay"]));
  // Whoever called was told: nothing of the rejected ones is kept.
  expect(await countOf(pool, "dead_letters")).toBe(0);
});

test("repeating the call is safe: all are duplicates in the same bulk, also when two instances got it at once", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, 20);
  const request: BulkRequest = { items: many(20) };
  const rival = acceptanceOver(await database.openAnotherPool());

  const [one, other] = await Promise.all([
    acceptBulk(through(acceptanceOver(pool)), request),
    acceptBulk(through(rival), request),
  ]);
  const again = await acceptBulk(through(rival), request);

  expect(one.accepted + other.accepted).toBe(20);
  expect(one.duplicates + other.duplicates).toBe(20);
  expect(again).toMatchObject({ accepted: 0, duplicates: 20, rejected: 0 });
  expect(again.results.map(({ paymentId }) => paymentId)).toEqual(
    one.results.map(({ paymentId }) => paymentId),
  );
  expect(new Set([one, other, again].map(({ bulkId }) => bulkId)).size).toBe(1);
  expect(await countOf(pool, "payments")).toBe(20);
  expect((await listPayments(pool, { bulkId: again.bulkId })).data).toHaveLength(20);
});

test("a payment keeps the bulk it came with", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, 2);
  const deps = acceptanceOver(pool);
  const first = await acceptBulk(through(deps), { items: many(1) });
  const longer = await acceptBulk(through(deps), { items: many(2) });
  expect(longer.bulkId).not.toBe(first.bulkId);
  expect(await getPayment(pool, idOf("task-0"))).toMatchObject({ bulkId: first.bulkId });
  expect(await getPayment(pool, idOf("task-1"))).toMatchObject({ bulkId: longer.bulkId });
});

test("500 items are one commit; 501, none, and a bulkId that is no UUID are refused before anything is stored", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool, 501);
  const deps = acceptanceOver(pool);
  const refusal = { code: "OPERATION_REFUSED", disposition: "reject" };
  for (const request of [
    { items: many(501) },
    { items: [] },
    { items: many(1), bulkId: "bulk-1" },
    { items: many(1), bulkId: "" },
  ]) {
    await expect(acceptBulk(through(deps), request)).rejects.toMatchObject(refusal);
  }
  expect(await countOf(pool, "payments")).toBe(0);
  expect(await acceptBulk(through(deps), { items: many(500) })).toMatchObject({ accepted: 500 });
});
