import { sql } from "slonik";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { recheckDue } from "../../src/acceptance/recheck.ts";
import { NO_CONTRACT } from "../../src/payment/method.ts";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { acceptanceDeps } from "../../src/stage-deps.ts";
import { fromHttp, taskCompleted, units } from "../support/acceptance.ts";
import { rowsOf } from "../support/read-rows.ts";
import { addressOf, insertDeployment, insertTasks } from "../support/seed.ts";
import {
  mismatchesOf,
  NET,
  seed,
  startTransferLine,
  startTransferWorld,
  type TransferWorld,
} from "./transfer-line.ts";

let world: TransferWorld;
beforeAll(async () => {
  world = await startTransferWorld();
});
beforeEach(() => world.control.reset());
afterAll(() => world[Symbol.asyncDispose]());

test("a platform whose wallet is not of this Circle account fails its payments with a code of their own, and nothing is sent", async () => {
  await using line = await startTransferLine(world, { PAYMENT_RETRY_DELAYS_MS: "10" });
  await seed(line, "stranger", { payer: addressOf("somebody else's wallet") });
  const acceptance = acceptanceDeps(line.connected);
  const submission = fromHttp(taskCompleted({ taskId: "stranger", workerId: "stranger" }));
  await acceptBatch(acceptance, { submissions: [submission], offsets: [] });
  expect(await line.payment("stranger")).toMatchObject({ state: "accepted" });

  await expect
    .poll(async () => {
      await recheckDue(acceptance);
      return (await line.payment("stranger")).failure;
    })
    .toMatchObject({ code: "payer_wallet_unknown", retryable: true });
  expect(await rowsOf(line.pool, "transactions")).toEqual([]);
});

test("a wallet that was made after the start is found when its platform's first payment comes", async () => {
  await using line = await startTransferLine(world);
  const payer = await world.newWallet(10n ** 9n);
  const recipient = await seed(line, "new-wallet", { payer });
  const acceptance = acceptanceDeps(line.connected);
  await line.submit({ taskId: "new-wallet", workerId: "new-wallet" });
  await expect
    .poll(
      async () => {
        await recheckDue(acceptance);
        return (await line.payment("new-wallet")).state;
      },
      { timeout: 20_000 },
    )
    .toBe("completed");
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("a payment that was known before a restore is never sent, planned or not: it waits for a person", async () => {
  await using line = await startTransferLine(world);
  const recipient = await seed(line, "known", world);
  await insertTasks(line.pool, [
    { platformId: "platform-1", id: "read-again", workerId: "known", amount: units(50) },
  ]);
  await world.onTransfer({ kind: "loseAnswer", executed: false, count: null });
  await line.submit({ taskId: "known", workerId: "known" });
  await expect.poll(() => world.posts(), { timeout: 20_000 }).toBeGreaterThan(0);
  await insertDeployment(line.pool, { payOnce: NO_CONTRACT, restoredAt: new Date() });
  await world.control.clearFaults();

  await line.until("known", ({ state }) => state === "review");
  await line.submit({ taskId: "read-again", workerId: "known" });
  const again = await line.payment("read-again");
  const posts = await world.posts();
  await lookedFor();

  expect(again).toMatchObject({ state: "review", doubt: { reason: "before_restore" } });
  expect((await line.payment("known")).doubt?.reason).toMatch(/before_restore/);
  expect(await world.posts()).toBe(posts);
  expect(await world.usdcOf(recipient)).toBe(0n);
  expect(await rowsOf(line.pool, "outbox")).toEqual([]);
});

test("a transfer on its way through a restore is found and completed: Circle's id and the log prove it", async () => {
  await using line = await startTransferLine(world);
  const recipient = await seed(line, "through", world);
  await world.onTransfer({ kind: "executeLate", delayMs: 2_500 });
  await world.onTransfer({ kind: "loseAnswer", executed: true });
  await line.submit({ taskId: "through", workerId: "through" });
  await expect.poll(() => world.posts(), { timeout: 20_000 }).toBeGreaterThan(0);
  await insertDeployment(line.pool, { payOnce: NO_CONTRACT, restoredAt: new Date() });

  await line.until("through", ({ state }) => state === "completed");

  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("EURC goes the same way, and odd micro-units arrive to the last one", async () => {
  await using line = await startTransferLine(world, { PAYMENT_FEE_PERCENTAGE: "2.3333" });
  await seed(line, "odd", { ...world, currency: "EURC" });
  await line.submit({ taskId: "odd", workerId: "odd", currency: "EURC" });

  const payment = await line.until("odd", ({ state }) => state === "completed");

  expect(payment).toMatchObject({ fee: "1.166650", netAmount: "48.833350" });
  expect(await rowsOf(line.pool, "transfers")).toMatchObject([
    { amount: "48.833350", token: world.chain.tokens.EURC.toLowerCase() },
  ]);
});

test("an empty wallet parks its payments, and nothing is posted for them, until it is funded", async () => {
  await using line = await startTransferLine(world);
  const payer = await world.newWallet(0n, 0n);
  const { payers } = found(line.connected.lanes[0]);
  await expect.poll(() => payers?.has(payer)).toBe(true);
  const recipient = await seed(line, "broke", { payer });
  await line.submit({ taskId: "broke", workerId: "broke" });
  await expect
    .poll(() => rowsOf(line.pool, "payer_holds"), { timeout: 20_000 })
    .toMatchObject([{ payer }]);
  expect(await world.posts()).toBe(0);

  await world.chain.fund(payer as `0x${string}`, { usdc: 10n ** 9n, native: 10n ** 18n });
  await line.until("broke", ({ state }) => state === "completed");
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("verify finds nothing to say of a ledger that is right, and a proof that is not on chain", async () => {
  await using line = await startTransferLine(world, { PAYMENT_RETRY_DELAYS_MS: "50" });
  await seed(line, "verified", world);
  await world.onTransfer({ kind: "forceState", state: "FAILED", executed: false });
  await line.submit({ taskId: "verified", workerId: "verified" });
  await line.until("verified", ({ state }) => state === "completed");
  expect(await mismatchesOf(line)).toEqual([]);

  await line.pool.query(sql.type(anyRow)`ALTER TABLE transfers DISABLE TRIGGER ALL`);
  await line.pool.query(sql.type(anyRow)`UPDATE transfers SET log_index = log_index + 1`);

  expect(await mismatchesOf(line)).toEqual([
    "completed_without_transfer",
    "transfer_not_on_chain",
    "ended_transfer_on_chain",
  ]);
});

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not found");
  return value;
}

/** The lane has looked for what it lost once more. */
async function lookedFor(): Promise<void> {
  const lists = async () =>
    (await world.control.stats()).endpoints["GET /v1/w3s/transactions"]?.requests ?? 0;
  const before = await lists();
  await expect.poll(lists, { timeout: 30_000 }).toBeGreaterThan(before);
}
