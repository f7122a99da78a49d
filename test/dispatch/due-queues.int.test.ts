import { sql } from "slonik";
import { expect, onTestFinished, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { listDueQueues } from "../../src/dispatch/due-queues.ts";
import { freshDatabase } from "../support/database.ts";
import { planPayments } from "./dispatch-world.ts";

const HOUR_MS = 3_600_000;

test("a payment whose time is yet to come is foreseen beside one that goes now, so that no poll is waited for", async () => {
  const fresh = await freshDatabase();
  onTestFinished(() => fresh[Symbol.asyncDispose]());
  const [, waiting = ""] = await planPayments(fresh.pool, { name: "a", count: 2 });
  const look = () => listDueQueues(fresh.pool, "circle", { pay: undefined, void: undefined });
  const waitFor = async (ms: number) =>
    fresh.pool.query(sql.type(anyRow)`
      UPDATE payments SET next_attempt_at = payment_now() + ${ms} * interval '1 millisecond'
      WHERE id = ${waiting}`);

  await waitFor(HOUR_MS);
  const before = await look();
  expect(before.due).toHaveLength(1);
  expect(before.nextDueInMs).toBeUndefined();
  expect(before.nextOnceSentInMs).toBeGreaterThan(HOUR_MS - 60_000);
  expect(before.nextOnceSentInMs).toBeLessThanOrEqual(HOUR_MS);

  // One that is due may have others behind it.
  await waitFor(-1);
  expect((await look()).nextOnceSentInMs).toBe(0);
});
