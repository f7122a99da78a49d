import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { transferKeyOf } from "../../src/payment/ids.ts";
import { units } from "../support/acceptance.ts";
import { insertTasks } from "../support/seed.ts";
import { rowsOf } from "../support/read-rows.ts";
import {
  age,
  auditOf,
  NET,
  seed,
  startTransferLine,
  startTransferWorld,
  type TransferWorld,
} from "./transfer-line.ts";
import type { Line } from "../regression/start-line.ts";

let world: TransferWorld;
beforeAll(async () => {
  world = await startTransferWorld();
});
beforeEach(() => world.control.reset());
afterAll(() => world[Symbol.asyncDispose]());

/** What Circle is given of one wallet at a time. */
const QUEUE = 12;
const QUICK_TRIES = { PAYMENT_RETRY_DELAYS_MS: "50" };

test("lost answers, a 429 and a 5xx repeat one key, whatever they hid: Circle has one transaction, and one payment moves", async () => {
  await using line = await startTransferLine(world);
  const recipient = await seed(line, "one-key", world);
  await world.onTransfer({ kind: "executeLate", delayMs: 1_500 });
  await world.onTransfer({ kind: "loseAnswer", executed: true });
  await world.onTransfer({ kind: "answer", executed: true, status: 503, body: "html" });
  await world.onTransfer({ kind: "answer", executed: true, status: 429, body: "json" });
  await line.submit({ taskId: "one-key", workerId: "one-key" });

  const { id } = await line.until("one-key", ({ state }) => state === "completed");

  expect(await world.madeFor(line)).toHaveLength(1);
  expect(await world.usdcOf(recipient)).toBe(NET);
  const key = transferKeyOf(id, 1, 1);
  expect(await sendsOf(line)).toMatchObject([{ id: key, idempotency_key: key }]);
});

test("a 429 proves nothing: where the first POST was taken, a refusal of the second does not make a new key", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "refused-later", world);
  await world.onTransfer({ kind: "answer", executed: true, status: 429, body: "json" });
  await world.onTransfer({ kind: "executeLate", delayMs: 6_000 });
  await world.onTransfer({ kind: "refuse", code: 155221, skip: 1 });
  await line.submit({ taskId: "refused-later", workerId: "refused-later" });

  await line.until("refused-later", ({ state }) => state === "completed");

  expect(await sendsOf(line)).toMatchObject([{ refusals: 1 }]);
  expect(await world.madeFor(line)).toHaveLength(1);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("a refusal that certainly created nothing ends the key, and the next try has another", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "refused", world);
  await world.onTransfer({ kind: "refuse", code: 155221 });
  await line.submit({ taskId: "refused", workerId: "refused" });

  const { id } = await line.until("refused", ({ state }) => state === "completed");

  expect(await sendsOf(line)).toMatchObject([
    { id: transferKeyOf(id, 1, 1), state: "dead", provider_end: "refused", circle_id: null },
    { id: transferKeyOf(id, 1, 2), state: "mined" },
  ]);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("156020 says nothing about a payment: the same key goes on being asked", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "new-key-please", world);
  await world.onTransfer({ kind: "refuse", code: 156020, count: 2 });
  await line.submit({ taskId: "new-key-please", workerId: "new-key-please" });

  await line.until("new-key-please", ({ state }) => state === "completed");

  expect(await sendsOf(line)).toMatchObject([{ posts: 3 }]);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("a full queue is no try: the same key waits for room", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  await seed(line, "full", world);
  await world.onTransfer({ kind: "refuse", code: 155264, count: 2 });
  await line.submit({ taskId: "full", workerId: "full" });

  const payment = await line.until("full", ({ state }) => state === "completed");

  expect(payment.attempts).toHaveLength(1);
  expect(await sendsOf(line)).toMatchObject([{ posts: 3, refusals: 2 }]);
});

test("an hour of nothing but refusals for want of room ends the key, uses up no try, and the next key pays", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "long-full", world);
  const fault = await world.onTransfer({ kind: "refuse", code: 155264, count: null });
  await line.submit({ taskId: "long-full", workerId: "long-full" });
  await expect.poll(async () => (await sendsOf(line))[0]?.refusals, { timeout: 20_000 }).toBe(1);
  await age(line, 61);
  await expect
    .poll(async () => (await sendsOf(line))[0]?.provider_end, { timeout: 20_000 })
    .toBe("refused");
  await world.control.clearFaults(fault);

  await line.until("long-full", ({ state }) => state === "completed");

  expect(await rowsOf(line.pool, "payments")).toMatchObject([{ tries: 0 }]);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("an answer that never comes: the transfer is found among the wallet's transactions to that worker, by its refId", async () => {
  await using line = await startTransferLine(world);
  const recipient = await seed(line, "found", world);
  await world.onTransfer({ kind: "loseAnswer", executed: true, count: null });
  await line.submit({ taskId: "found", workerId: "found" });

  await line.until("found", ({ state }) => state === "completed");

  expect(await world.madeFor(line)).toHaveLength(1);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("after its hour a key is never posted again: what is not found at Circle comes to review, and gets no new key", async () => {
  await using line = await startTransferLine(world, { PAYMENT_REVIEW_AFTER_MS: "4000" });
  const recipient = await seed(line, "lost", world);
  const fault = await world.onTransfer({ kind: "loseAnswer", executed: false, count: null });
  await line.submit({ taskId: "lost", workerId: "lost" });
  await expect.poll(() => world.posts(), { timeout: 20_000 }).toBeGreaterThan(1);
  await endTheHour(line);

  const payment = await line.until("lost", ({ state }) => state === "review");
  await world.control.clearFaults(fault);
  const posts = await world.posts();
  await lookedFor(line);

  expect(payment.doubt?.reason).toMatch(/^transfer_unconfirmed/);
  expect(await world.posts()).toBe(posts);
  expect(await sendsOf(line)).toMatchObject([{ state: "open", circle_id: null }]);
  expect(await world.madeFor(line)).toEqual([]);
  expect(await world.usdcOf(recipient)).toBe(0n);
  expect(await rowsOf(line.pool, "outbox")).toEqual([]);
});

test("transfers that nobody can find take no place of others: the payer's next payment goes out", async () => {
  await using line = await startTransferLine(world, { PAYMENT_REVIEW_AFTER_MS: "1000" });
  const recipient = await seed(line, "lost-0", world);
  const more = Array.from({ length: QUEUE + 1 }, (_, i) => `lost-${i + 1}`);
  await insertTasks(
    line.pool,
    more.map((id) => ({ platformId: "platform-1", id, workerId: "lost-0", amount: units(50) })),
  );
  const fault = await world.onTransfer({ kind: "loseAnswer", executed: false, count: null });
  const lost = ["lost-0", ...more.slice(0, QUEUE - 1)];
  await line.submit(...lost.map((taskId) => ({ taskId, workerId: "lost-0" })));
  for (const taskId of lost) await line.until(taskId, ({ state }) => state === "review");
  await endTheHour(line);
  await world.control.clearFaults(fault);

  const last = more.at(-1) ?? "";
  await line.submit({ taskId: last, workerId: "lost-0" });
  await line.until(last, ({ state }) => state === "completed");

  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("doubt ends by itself: within the hour the same key is asked until Circle is back", async () => {
  await using line = await startTransferLine(world, { PAYMENT_REVIEW_AFTER_MS: "1000" });
  const recipient = await seed(line, "outage", world);
  const fault = await world.onTransfer({ kind: "loseAnswer", executed: false, count: null });
  await line.submit({ taskId: "outage", workerId: "outage" });
  await line.until("outage", ({ state }) => state === "review");
  await world.control.clearFaults(fault);

  await line.until("outage", ({ state }) => state === "completed");

  expect(await sendsOf(line)).toHaveLength(1);
  expect(await world.usdcOf(recipient)).toBe(NET);
  expect(await auditOf(line)).toEqual(["payment.review", "payment.completed"]);
});

interface SendRow {
  readonly id: string;
  readonly posts: number;
  readonly refusals: number;
  readonly provider_end: string | null;
}

async function sendsOf({ pool }: Line): Promise<SendRow[]> {
  const sends = await rowsOf(pool, "transactions");
  const made = ({ created_at: at }: Record<string, unknown>) => (at as Date).getTime();
  return sends.toSorted((a, b) => made(a) - made(b)) as unknown as SendRow[];
}

/** The hour of every key is over, and Circle has met all that was posted within it. */
async function endTheHour(line: Line): Promise<void> {
  const posts = async () => (await sendsOf(line)).map((send) => send.posts);
  // A key that was never posted has no hour yet: it would be posted, and paid, later.
  await expect
    .poll(async () => Math.min(...(await posts())), { timeout: 20_000 })
    .toBeGreaterThan(0);
  await age(line, 61);
  const permitted = (await posts()).reduce((sum, count) => sum + count, 0);
  await expect.poll(() => world.posts(), { timeout: 20_000 }).toBeGreaterThanOrEqual(permitted);
}

/** The lane has looked for it once more. */
async function lookedFor(line: Line): Promise<void> {
  const lists = async () =>
    (await world.control.stats()).endpoints["GET /v1/w3s/transactions"]?.requests ?? 0;
  const before = await lists();
  await expect.poll(lists, { timeout: 30_000 }).toBeGreaterThan(before);
  expect(await line.payment("lost")).toMatchObject({ state: "review" });
}
