import { expect, test } from "vitest";
import type { StoredSend } from "../../src/dispatch/rail.ts";
import { planPayments, startLane, worldOn } from "../dispatch/dispatch-world.ts";
import { scriptedLane } from "../dispatch/scripted-lane.ts";
import { freshDatabase } from "../support/database.ts";
import { rowsOf } from "../support/read-rows.ts";

test("GigStream defect 5: what leaves is stored, for everybody to read, before it leaves", async () => {
  await using database = await freshDatabase();
  const [paymentId] = await planPayments(database.pool, { name: "task" });
  // Another connection sees only what is committed, as the next process does after a crash.
  const witness = await database.openAnotherPool();
  const look = async (send: StoredSend) => ({
    send,
    sends: await rowsOf(witness, "transactions"),
    items: await rowsOf(witness, "transaction_items"),
    payments: await rowsOf(witness, "payments"),
  });
  const leaving = Promise.withResolvers<Awaited<ReturnType<typeof look>>>();
  const lane = scriptedLane();
  lane.answers.push(async (send) => {
    leaving.resolve(await look(send));
    return { kind: "accepted", circleId: "circle-id" };
  });
  const running = startLane(worldOn(database.pool), lane);
  running.done.catch(leaving.reject);

  const { send, sends, items, payments } = await leaving.promise;
  await running.stop();
  const { id, calldata, ticket } = send;
  expect(ticket).toMatchObject({ rail: "circle", idempotencyKey: sends[0]?.["idempotency_key"] });
  expect(sends).toMatchObject([{ id, calldata, state: "open" }]);
  expect(items).toMatchObject([{ transaction_id: id, payment_id: paymentId, generation: 1 }]);
  expect(payments).toMatchObject([{ transaction_id: id, first_sent_at: expect.any(Date) }]);
});
