import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { retryPayment } from "../../src/acceptance/retry-payment.ts";
import { recordAccepted } from "../../src/dispatch/record-report.ts";
import { acceptanceDeps, dispatchDeps } from "../../src/stage-deps.ts";
import { MEDIUM, sdkOf, shown } from "../sandbox/circle/circle-world.ts";
import { units } from "../support/acceptance.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { addressOf, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";
import { startLineWorld, type LineWorld } from "./line-world.ts";
import { startLine, type Line } from "./start-line.ts";

let world: LineWorld;
let payer: string;
beforeAll(async () => {
  world = await startLineWorld();
  payer = (await world.newPayer()).address;
});
beforeEach(() => world.control.reset());
afterAll(() => world[Symbol.asyncDispose]());

/** 50 USDC less 2 %. */
const NET = 49_000_000n;

/** A completed task of 50 USDC by a worker of its own, so that its address has nothing yet. */
async function seed({ pool }: Line, taskId: string): Promise<string> {
  await insertPlatform(pool, { id: "platform-1", walletAddress: payer });
  await insertWorker(pool, { id: taskId, walletAddress: addressOf(taskId) });
  await insertTasks(pool, [
    { platformId: "platform-1", id: taskId, workerId: taskId, amount: units(50) },
  ]);
  return addressOf(taskId);
}

async function sendOf({ pool }: Line) {
  const sends = await rowsOf(pool, "transactions");
  expect(sends).toHaveLength(1);
  return sends[0] as { id: string; circle_id: string; circle_state: string; tx_hash: string };
}

/** Circle's transactions of a send: the refId is the send's id, whatever key it came under. */
async function madeBy(sendId: string) {
  return (await world.control.transactions()).filter(({ refId }) => refId === sendId);
}

async function postsOfSends(): Promise<number> {
  const { endpoints } = await world.control.stats();
  const posts = Object.entries(endpoints).filter(([name]) =>
    /^POST .*contractExecution$/.test(name),
  );
  return posts.reduce((sum, [, { requests }]) => sum + requests, 0);
}

test("GigStream defect 1: a send's provider id is Circle's own, and its hash is a transaction of the chain", async () => {
  await using line = await startLine(world, "circle");
  const recipient = await seed(line, "provider-id");
  await line.submit({ taskId: "provider-id", workerId: "provider-id" });

  const payment = await line.until("provider-id", ({ state }) => state === "completed");

  const send = await sendOf(line);
  const [made] = await madeBy(send.id);
  expect(made).toMatchObject({ id: send.circle_id, txHash: send.tx_hash });
  expect(payment).toMatchObject({ circleTransactionId: made?.id, txHash: made?.txHash });
  expect(await world.receiptOf(send.tx_hash)).toMatchObject({ status: "success" });
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("GigStream defect 2: lost answers and slow confirmation repeat one key: Circle has one transaction, and one payment moves", async () => {
  await using line = await startLine(world, "circle");
  const recipient = await seed(line, "one-key");
  await world.onSend({ kind: "executeLate", delayMs: 2_500 });
  await world.onSend({ kind: "loseAnswer", executed: true });
  await world.onSend({ kind: "answer", executed: true, status: 503, body: "html" });
  await world.onSend({ kind: "answer", executed: false, status: 429, body: "none" });
  await line.submit({ taskId: "one-key", workerId: "one-key" });

  await line.until("one-key", ({ state }) => state === "completed");

  expect(await madeBy((await sendOf(line)).id)).toHaveLength(1);
  expect((await world.control.stats()).executions).toHaveLength(1);
  expect(await postsOfSends()).toBe(4);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("GigStream defect 13: Circle's word, however it comes, completes nothing: COMPLETE without our log on chain is no proof", async () => {
  await using line = await startLine(world, "circle");
  const recipient = await seed(line, "no-proof");
  const fault = { kind: "forceState", state: "COMPLETE", executed: false } as const;
  await world.onSend(fault);
  await line.submit({ taskId: "no-proof", workerId: "no-proof" });
  await expect
    .poll(async () => (await sendOf(line)).circle_state, { timeout: 20_000 })
    .toBe("COMPLETE");
  await line.blocks(5);
  await expectUnpaid();
  expect(await world.usdcOf(recipient)).toBe(0n);

  // Nor does a hash that did pay the worker the very amount, but not through our slot: a forged notification's, say.
  const txHash = await transferFromElsewhere(recipient);
  const send = await sendOf(line);
  await recordAccepted(dispatchDeps(line.connected, line.connected.bells.dispatch), send.id, {
    kind: "accepted",
    circleState: "COMPLETE",
    txHash,
  });
  await line.blocks(5);
  expect(await world.usdcOf(recipient)).toBe(NET);
  await expectUnpaid();

  async function expectUnpaid() {
    expect(await line.payment("no-proof")).toMatchObject({ state: "planned", txHash: null });
    expect(await rowsOf(line.pool, "tasks")).toMatchObject([{ status: "completed" }]);
    for (const table of ["outbox", "payment_outcomes", "reputation_events"]) {
      expect(await countOf(line.pool, table)).toBe(0);
    }
  }
});

test("GigStream defect 15: a STUCK transaction is hastened until it is mined, not waited for", async () => {
  await using line = await startLine(world, "circle");
  const recipient = await seed(line, "stuck");
  await world.onSend({ kind: "forceState", state: "STUCK", executed: false });
  await line.submit({ taskId: "stuck", workerId: "stuck" });

  await line.until("stuck", ({ state }) => state === "completed");

  const [made] = await madeBy((await sendOf(line)).id);
  expect(made?.states).toContain("STUCK");
  expect(made?.sent.map(({ kind }) => kind)).toEqual(["original", "accelerated"]);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("GigStream defect 15: FAILED ends a try with Circle's reason, which the payment's failure names in the end", async () => {
  await using line = await startLine(world, "circle", { PAYMENT_RETRY_DELAYS_MS: "50,50" });
  const recipient = await seed(line, "failed");
  const errorReason = "ESTIMATION_ERROR";
  await world.onSend({
    kind: "forceState",
    state: "FAILED",
    executed: false,
    errorReason,
    count: 3,
  });
  await line.submit({ taskId: "failed", workerId: "failed" });

  const payment = await line.until("failed", ({ state }) => state === "failed");

  const reason = { errorCode: "circle_failed", detail: expect.stringContaining(errorReason) };
  expect(payment.attempts).toMatchObject([
    { kind: "pay", outcome: "dead", ...reason },
    { kind: "pay", outcome: "dead", ...reason },
    { kind: "pay", outcome: "dead", ...reason },
    { kind: "void", outcome: "voided" },
  ]);
  expect(payment.failure).toMatchObject({
    code: "attempts_exhausted",
    message: expect.stringContaining(errorReason),
  });
  expect(await world.usdcOf(recipient)).toBe(0n);
});

test("GigStream defect 8: a payment that failed after it was sent leaves its task payable, and its retry pays it", async () => {
  await using line = await startLine(world, "circle", { PAYMENT_RETRY_DELAYS_MS: "50" });
  const recipient = await seed(line, "again");
  await world.onSend({ kind: "forceState", state: "DENIED", executed: false, count: 2 });
  await line.submit({ taskId: "again", workerId: "again" });
  const failed = await line.until("again", ({ state }) => state === "failed");
  expect(await rowsOf(line.pool, "tasks")).toMatchObject([{ status: "completed", paid_by: null }]);

  const request = { paymentId: failed.id, expectedGeneration: 1, actor: "operator:ada" };
  const retried = await retryPayment(acceptanceDeps(line.connected), { ...request, reason: "x" });

  expect(retried).toEqual({ kind: "planned", generation: 2 });
  await line.until("again", ({ state }) => state === "completed");
  expect(await rowsOf(line.pool, "tasks")).toMatchObject([{ status: "paid", paid_by: failed.id }]);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

/** A plain transfer of NET by a wallet of Circle's, mined. */
async function transferFromElsewhere(destinationAddress: string): Promise<string> {
  const { chain, circle } = world;
  const [wallet] = circle.operatorWallets;
  if (!wallet) throw new Error("no wallet");
  await chain.fund(wallet.address, { usdc: NET });
  const { data } = await sdkOf(circle).createTransaction({
    walletId: wallet.id,
    tokenAddress: chain.tokens.USDC,
    amount: ["49"],
    destinationAddress,
    idempotencyKey: randomUUID(),
    fee: MEDIUM,
  });
  const made = await shown({ sdk: sdkOf(circle) }, data?.id ?? "", "COMPLETE");
  return made.txHash ?? "";
}
