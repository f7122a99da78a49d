import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { retryPayment } from "../../src/acceptance/retry-payment.ts";
import { requestVoid } from "../../src/dispatch/request-void.ts";
import { transferKeyOf } from "../../src/payment/ids.ts";
import { acceptanceDeps, dispatchDeps } from "../../src/stage-deps.ts";
import { units } from "../support/acceptance.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { insertTasks } from "../support/seed.ts";
import type { Line } from "../regression/start-line.ts";
import {
  auditOf,
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

const QUICK_TRIES = { PAYMENT_RETRY_DELAYS_MS: "50" };
const FAILED = { kind: "forceState", state: "FAILED", executed: false } as const;

test("each unpaid end of Circle's gets the next key, and after the last one the payment fails, with nothing moved", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "fails", world);
  await world.onTransfer({ ...FAILED, errorReason: "ESTIMATION_ERROR", count: 2 });
  await line.submit({ taskId: "fails", workerId: "fails" });

  const payment = await line.until("fails", ({ state }) => state === "failed");

  expect(payment.failure).toMatchObject({
    code: "attempts_exhausted",
    message: expect.stringContaining("ESTIMATION_ERROR"),
    retryable: true,
  });
  expect(payment.attempts).toMatchObject([
    { outcome: "dead", errorCode: "circle_failed" },
    { outcome: "dead", errorCode: "circle_failed" },
  ]);
  expect(await world.usdcOf(recipient)).toBe(0n);
  expect(await rowsOf(line.pool, "outbox")).toMatchObject([{ topic: "payment.failed" }]);
  expect(await rowsOf(line.pool, "payments")).toMatchObject([{ tries: 2, void_tx_hash: null }]);
});

test("a payment that failed opens generation 2 only by a retry, under a key of its own, and is paid", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "again", world);
  await world.onTransfer({ ...FAILED, state: "DENIED", count: 2 });
  await line.submit({ taskId: "again", workerId: "again" });
  const failed = await line.until("again", ({ state }) => state === "failed");
  expect(failed.failure).toMatchObject({ code: "transfer_denied" });

  const request = { paymentId: failed.id, expectedGeneration: 1, actor: "operator:ada" };
  await retryPayment(acceptanceDeps(line.connected), { ...request, reason: "cleared" });
  await line.until("again", ({ state }) => state === "completed");

  const ids = ((await rowsOf(line.pool, "transactions")) as { id: string }[]).map(({ id }) => id);
  expect(new Set(ids)).toEqual(
    new Set([
      transferKeyOf(failed.id, 1, 1),
      transferKeyOf(failed.id, 1, 2),
      transferKeyOf(failed.id, 2, 1),
    ]),
  );
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("FAILED with the hash of a transfer that took place: the chain wins, and nothing is sent again", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "lie", world);
  await world.onTransfer({ ...FAILED, executed: true, showTxHash: true });
  await line.submit({ taskId: "lie", workerId: "lie" });

  await line.until("lie", ({ state }) => state === "completed");

  expect(await countOf(line.pool, "transactions")).toBe(1);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("FAILED without a hash, though the transfer stands on chain: review and alarm, no second key", async () => {
  await using line = await startTransferLine(world, { ...QUICK_TRIES, AUTO_PAUSE: "true" });
  const recipient = await seed(line, "hidden", world);
  await world.onTransfer({ ...FAILED, executed: true });
  await line.submit({ taskId: "hidden", workerId: "hidden" });

  const payment = await line.until("hidden", ({ state }) => state === "review");

  expect(payment.doubt?.reason).toBe("transfer_despite_end");
  expect(await world.usdcOf(recipient)).toBe(NET);
  expect(await world.madeFor(line)).toHaveLength(1);
  expect(await auditOf(line)).toContain("alarm.transfer_despite_end");
  expect(await rowsOf(line.pool, "pauses")).toMatchObject([{ scope: "*" }]);
  expect(await rowsOf(line.pool, "outbox")).toEqual([]);
});

test("a doubt of that kind ends by itself once Circle names the transaction", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "truth", world);
  await world.onTransfer({ ...FAILED, executed: true, forMs: 6_000 });
  await line.submit({ taskId: "truth", workerId: "truth" });
  await line.until("truth", ({ state }) => state === "review");

  await line.until("truth", ({ state }) => state === "completed");

  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("COMPLETE without the token's log proves nothing: review and alarm", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "no-log", world);
  await world.onTransfer({ kind: "forceState", state: "COMPLETE", executed: false });
  await line.submit({ taskId: "no-log", workerId: "no-log" });

  const payment = await line.until("no-log", ({ state }) => state === "review");

  expect(payment.doubt?.reason).toBe("transfer_without_log");
  expect(await auditOf(line)).toContain("alarm.transfer_without_log");
  expect(await world.usdcOf(recipient)).toBe(0n);
  expect(await countOf(line.pool, "payment_outcomes")).toBe(0);
});

test("a STUCK transfer is hastened until it is mined", async () => {
  await using line = await startTransferLine(world);
  const recipient = await seed(line, "stuck", world);
  await world.onTransfer({ kind: "forceState", state: "STUCK", executed: false });
  await line.submit({ taskId: "stuck", workerId: "stuck" });

  await line.until("stuck", ({ state }) => state === "completed");

  expect(await world.usdcOf(recipient)).toBe(NET);
  expect(await world.madeFor(line)).toMatchObject([{ sent: [{}, { kind: "accelerated" }] }]);
});

test("a state nobody knows is still on its way", async () => {
  await using line = await startTransferLine(world);
  await seed(line, "unknown-state", world);
  await world.onTransfer({
    kind: "forceState",
    state: "WAITING_FOR_MOON",
    executed: true,
    forMs: 3_000,
  });
  await line.submit({ taskId: "unknown-state", workerId: "unknown-state" });
  await line.until("unknown-state", ({ state }) => state === "completed");
  expect(await countOf(line.pool, "transactions")).toBe(1);
});

test("two payments of the very same terms have two proofs, each its own log", async () => {
  await using line = await startTransferLine(world);
  const recipient = await seed(line, "twin-1", world);
  await seedTwin(line, "twin-2", "twin-1");
  await line.submit(
    { taskId: "twin-1", workerId: "twin-1" },
    { taskId: "twin-2", workerId: "twin-1" },
  );

  const one = await line.until("twin-1", ({ state }) => state === "completed");
  const other = await line.until("twin-2", ({ state }) => state === "completed");

  expect(one.txHash).not.toBe(other.txHash);
  expect(await countOf(line.pool, "transfers")).toBe(2);
  expect(await world.usdcOf(recipient)).toBe(2n * NET);
});

test("an end is not believed while another transfer of the same terms is on its way, and no alarm is raised", async () => {
  await using line = await startTransferLine(world, QUICK_TRIES);
  const recipient = await seed(line, "rival-1", world);
  await seedTwin(line, "rival-2", "rival-1");
  await world.onTransfer(FAILED);
  await line.submit(
    { taskId: "rival-1", workerId: "rival-1" },
    { taskId: "rival-2", workerId: "rival-1" },
  );

  await line.until("rival-1", ({ state }) => state === "completed");
  await line.until("rival-2", ({ state }) => state === "completed");

  expect(await world.usdcOf(recipient)).toBe(2n * NET);
  expect(await rowsOf(line.pool, "pauses")).toEqual([]);
});

test("an operator's cancel is refused: a transfer has no void", async () => {
  await using line = await startTransferLine(world);
  await seed(line, "cancel", world);
  await world.onTransfer({ kind: "executeLate", delayMs: 1_000 });
  await line.submit({ taskId: "cancel", workerId: "cancel" });
  const { id } = await line.payment("cancel");

  const answer = await requestVoid(dispatchDeps(line.connected, line.connected.bells.dispatch), {
    paymentId: id,
    expectedGeneration: 1,
    reason: "a mistake",
    actor: "operator:ada",
  });

  expect(answer).toEqual({ kind: "refused_by_method" });
  await line.until("cancel", ({ state }) => state === "completed");
});

async function seedTwin({ pool }: Line, taskId: string, workerId: string): Promise<void> {
  await insertTasks(pool, [{ platformId: "platform-1", id: taskId, workerId, amount: units(50) }]);
}
