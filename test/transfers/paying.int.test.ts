import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { countOf, rowsOf } from "../support/read-rows.ts";
import {
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

test("a task is paid by one transfer of Circle's, proven by the token's own log", async () => {
  await using line = await startTransferLine(world);
  const recipient = await seed(line, "plain", world);
  await line.submit({ taskId: "plain", workerId: "plain" });

  const payment = await line.until("plain", ({ state }) => state === "completed");

  expect(await world.usdcOf(recipient)).toBe(NET);
  const [made, ...more] = await world.madeFor(line);
  expect(more).toEqual([]);
  expect(payment).toMatchObject({ circleTransactionId: made?.id, netAmount: "49.000000" });
  expect(await rowsOf(line.pool, "transfers")).toMatchObject([
    { tx_hash: payment.txHash, payment_id: payment.id, amount: "49.000000", recipient },
  ]);
  expect(await rowsOf(line.pool, "transactions")).toMatchObject([
    { state: "mined", method: "transfer", posts: 1, answers: 1, tx_hash: payment.txHash },
  ]);
  expect(await rowsOf(line.pool, "tasks")).toMatchObject([{ status: "paid" }]);
  for (const table of ["outbox", "payment_outcomes", "reputation_events"]) {
    expect(await countOf(line.pool, table)).toBe(1);
  }
});
