import { sql } from "slonik";
import { expect, test } from "vitest";
import { z } from "zod";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { recheckDue } from "../../src/acceptance/recheck.ts";
import { replayDeadLetter } from "../../src/acceptance/replay-dead-letter.ts";
import { retryPayment } from "../../src/acceptance/retry-payment.ts";
import { openPool, type Database } from "../../src/database/pool.ts";
import { execute } from "../../sandbox/postgres/postgres-at.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import {
  acceptanceOver,
  acceptanceSettings,
  fromHttp,
  taskCompleted,
  units,
} from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import { becomeLetter, replayOver } from "../support/dead-letters.ts";
import { stopClock } from "../support/hold-clock.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertPlatform, insertWorker } from "../support/seed.ts";

const { risk: off } = acceptanceSettings();
const order = { actor: "operator:ada", reason: "room again", dryRun: false };

function capOf(amount: number) {
  return { risk: { ...off, platformDailyAmount: units(amount) } };
}

/** Platforms whose events are their tasks, so that an event is all that a payment takes. */
async function seed(pool: Database, ...platformIds: string[]): Promise<void> {
  for (const id of ["platform-1", ...platformIds]) {
    await insertPlatform(pool, { id, taskSource: "event" });
  }
  await insertWorker(pool, { id: "worker-1" });
}

/** What became of each, with the reason of those that failed. */
async function accept(
  deps: ReturnType<typeof acceptanceOver>,
  ...events: Partial<TaskCompleted>[]
): Promise<string[]> {
  const submissions = events.map((event) => fromHttp(taskCompleted(event)));
  const outcome = await acceptBatch(deps, { submissions, offsets: [] });
  if (outcome.kind !== "durable") throw new Error(outcome.kind);
  return outcome.results.map((result) => {
    if (!("state" in result)) return result.verdict;
    return result.failure?.code ?? result.state;
  });
}

const daysRow = z.object({ place: z.string(), hours: z.record(z.string(), z.string()) });

async function daysOf(pool: Database) {
  const rows = await pool.any(sql.type(daysRow)`
    SELECT concat_ws(' ', platform_id, currency) AS place, hours FROM platform_days ORDER BY 1`);
  return Object.fromEntries(rows.map(({ place, hours }) => [place, hours]));
}

test("a batch that crosses the cap in its middle plans what fits and fails the rest, for later, in one commit", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool);
  await stopClock(pool, new Date("2026-03-01T12:30:00.000Z"));
  const deps = acceptanceOver(pool, capOf(100));
  const amounts = [60, 50, 40, 1].map(units);
  const events = amounts.map((amount, index) => ({ taskId: `t${index}`, amount }));
  expect(await accept(deps, ...events, { taskId: "eurc", currency: "EURC" })).toEqual([
    "planned",
    "risk_rejected",
    "planned",
    "risk_rejected",
    "planned",
  ]);
  expect(await daysOf(pool)).toEqual({
    "platform-1 EURC": { "2026-03-01T12": "50.000000" },
    "platform-1 USDC": { "2026-03-01T12": "100.000000" },
  });
  expect(await rowsOf(pool, "payment_outcomes")).toMatchObject([
    { kind: "failed", code: "risk_rejected" },
    { kind: "failed", code: "risk_rejected" },
  ]);
  const failed = (await rowsOf(pool, "outbox")).map((row) => JSON.parse(String(row["payload"])));
  const message = "The platform's amount per day is used up; look at it, then retry.";
  const rejected = { code: "risk_rejected", retryable: true, message };
  expect(failed).toMatchObject([rejected, rejected]);
});

test("instances that accept at the same moment, each in an order of its own, use the cap up and never pass it", async () => {
  await using database = await freshDatabase();
  await seed(database.pool, "platform-2");
  const pools = [database.pool, await database.openAnotherPool()];
  const batch = (name: string) =>
    Array.from({ length: 8 }, (_, index) => ({
      taskId: `${name}-${index}`,
      platformId: `platform-${(index % 2) + 1}`,
      currency: index % 4 < 2 ? "USDC" : "EURC",
      amount: units(10),
    }));
  const states = await Promise.all(
    Array.from({ length: 12 }, (_, index) => {
      const pool = pools[index % 2];
      if (!pool) throw new Error("two pools");
      const events = batch(`b${index}`);
      return accept(
        acceptanceOver(pool, capOf(95)),
        ...(index % 3 === 0 ? events.toReversed() : events),
      );
    }),
  );
  // 24 payments of 10 asked for on each of the four days; 9 of them fit.
  expect(states.flat().filter((state) => state === "planned")).toHaveLength(4 * 9);
  expect(states.flat().filter((state) => state === "risk_rejected")).toHaveLength(4 * 15);
  const amounts = Object.values(await daysOf(database.pool)).flatMap(Object.values);
  expect(amounts).toEqual(Array(4).fill("90.000000"));
});

test("the same events at two instances at once count once, and said again they write nothing", async () => {
  await using database = await freshDatabase();
  await seed(database.pool);
  const rival = await database.openAnotherPool();
  const events = ["a", "b", "c"].map((taskId) => ({ taskId }));
  await Promise.all(
    [database.pool, rival, database.pool, rival].map((pool) =>
      accept(acceptanceOver(pool, capOf(100)), ...events),
    ),
  );
  const written = () =>
    database.pool.any(
      sql.type(z.object({ xmin: z.string(), total: z.string() }))`
        SELECT d.xmin::text, sum(h.value::numeric)::text AS total
        FROM platform_days d, jsonb_each_text(hours) h GROUP BY d.platform_id, d.currency, d.xmin::text`,
    );
  const before = await written();
  expect(before).toMatchObject([{ total: "100.000000" }]);
  const again = await accept(acceptanceOver(rival, capOf(100)), ...events, {
    taskId: "a",
    eventId: "another",
  });
  expect(again).toEqual(["planned", "planned", "risk_rejected", "planned"]);
  expect(await written()).toEqual(before);
});

test("there is room again once the hour is a day old, and old hours are gone with the next write", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool);
  const deps = acceptanceOver(pool, capOf(100));
  const at = async (time: string, taskId: string) => {
    await stopClock(pool, new Date(time));
    return accept(deps, { taskId });
  };
  expect(await at("2026-03-01T12:30:00.000Z", "a")).toEqual(["planned"]);
  expect(await at("2026-03-01T13:10:00.000Z", "b")).toEqual(["planned"]);
  expect(await at("2026-03-02T12:29:59.000Z", "c")).toEqual(["risk_rejected"]);
  expect(await at("2026-03-02T13:00:00.000Z", "d")).toEqual(["planned"]);
  expect(await daysOf(pool)).toEqual({
    "platform-1 USDC": { "2026-03-01T13": "50.000000", "2026-03-02T13": "50.000000" },
  });
});

test("a payment that waits for its worker counts when it is planned, and fails where the day is used up by then", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await insertPlatform(pool, { id: "platform-1", taskSource: "event" });
  const deps = acceptanceOver(pool, capOf(100));
  await stopClock(pool, new Date("2026-03-01T12:30:00.000Z"));
  expect(await accept(deps, { taskId: "a" }, { taskId: "b" }, { taskId: "c" })).toEqual([
    "accepted",
    "accepted",
    "accepted",
  ]);
  expect(await daysOf(pool)).toEqual({ "platform-1 USDC": {} });
  await insertWorker(pool, { id: "worker-1" });
  await stopClock(pool, new Date("2026-03-01T12:30:03.000Z"));
  expect(await recheckDue(deps)).toMatchObject({ planned: 2, failed: 1 });
  expect(await daysOf(pool)).toEqual({ "platform-1 USDC": { "2026-03-01T12": "100.000000" } });
});

test("a retry is refused while the day is used up, and counts like a new payment once there is room", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool);
  const deps = acceptanceOver(pool, capOf(100));
  await stopClock(pool, new Date("2026-03-01T12:30:00.000Z"));
  await accept(deps, { taskId: "a", amount: units(100) }, { taskId: "b" });
  const paymentId = paymentIdOf("platform-1", "b");
  const request = { ...order, paymentId, expectedGeneration: 1 };
  const before = await daysOf(pool);
  expect(await retryPayment(deps, request)).toMatchObject({
    kind: "refused",
    failure: { code: "risk_rejected" },
  });
  expect(await daysOf(pool)).toEqual(before);
  await stopClock(pool, new Date("2026-03-02T13:00:00.000Z"));
  expect(await retryPayment(deps, request)).toEqual({ kind: "planned", generation: 2 });
  expect(await daysOf(pool)).toEqual({ "platform-1 USDC": { "2026-03-02T13": "50.000000" } });
});

test("a generation that a replay opens counts with its own terms, and a dry run counts nothing", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool);
  await stopClock(pool, new Date("2026-03-01T12:30:00.000Z"));
  const deps = { ...replayOver(pool), settings: acceptanceSettings(capOf(100)) };
  await accept(deps, { taskId: "task-1", amount: units(20_000) });
  const letter = await becomeLetter(deps, taskCompleted({ eventId: "right", amount: units(70) }));
  expect(await replayDeadLetter(deps, letter, { ...order, dryRun: true })).toMatchObject({
    verdict: "reopened",
  });
  expect(await daysOf(pool)).toEqual({ "platform-1 USDC": {} });
  expect(await replayDeadLetter(deps, letter, order)).toMatchObject({
    verdict: "reopened",
    state: "planned",
  });
  expect(await daysOf(pool)).toEqual({ "platform-1 USDC": { "2026-03-01T12": "70.000000" } });
  expect(await accept(deps, { taskId: "b" })).toEqual(["risk_rejected"]);
});

test("switched on later it begins at nothing: what was planned while it was off does not count", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool);
  const amount = units(100);
  expect(await accept(acceptanceOver(pool), { taskId: "before", amount })).toEqual(["planned"]);
  const deps = acceptanceOver(pool, capOf(100));
  expect(await accept(deps, { taskId: "a", amount }, { taskId: "b" })).toEqual([
    "planned",
    "risk_rejected",
  ]);
});

test("neither an unknown platform nor a currency that nobody pays in leaves a row", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await seed(pool);
  const deps = acceptanceOver(pool, capOf(100));
  expect(
    await accept(deps, { taskId: "a", platformId: "nobody" }, { taskId: "b", currency: "DOGE" }),
  ).toEqual(["dead_letter", "currency_unsupported"]);
  expect(await rowsOf(pool, "platform_days")).toEqual([]);
});

const statementRow = z.object({ statement: z.string(), runs: z.bigint() });

test("off it is not a statement more; on it is two, whatever the size, and none for repeats", async () => {
  await using database = await freshDatabase();
  await seed(database.pool);
  // One connection, whose prepared statements are all that was run.
  const pool = await openPool({ url: database.url, poolMax: 1, statementTimeoutMs: 10_000 });
  const statements = () =>
    pool.any(sql.type(statementRow)`
      SELECT statement, generic_plans + custom_plans AS runs FROM pg_prepared_statements`);
  const runsOf = async (work: () => Promise<unknown>) => {
    const count = async () => {
      const rows = await statements();
      const days = rows.filter(({ statement }) => statement.includes("platform_days"));
      const sum = (of: typeof rows) => of.reduce((total, { runs }) => total + Number(runs), 0);
      return { days: sum(days), all: sum(rows) };
    };
    const before = await count();
    await work();
    const after = await count();
    return { days: after.days - before.days, all: after.all - before.all };
  };
  const withoutCap = acceptanceOver(pool);
  const withCap = acceptanceOver(pool, capOf(1_000));
  const batch = (name: string) => [{ taskId: `${name}-1` }, { taskId: `${name}-2` }];
  const isOff = await runsOf(() => accept(withoutCap, ...batch("off")));
  expect(isOff).toMatchObject({ days: 0 });
  expect(await runsOf(() => accept(withCap, ...batch("on")))).toEqual({
    days: 2,
    all: isOff.all + 2,
  });
  expect(await runsOf(() => accept(withCap, ...batch("on")))).toMatchObject({ days: 0 });
  await pool.end();
});

test("the serving role holds and moves the days, and removes none", async () => {
  await using database = await freshDatabase();
  await seed(database.pool);
  await execute(
    database.url,
    "DROP ROLE IF EXISTS cap_login; CREATE ROLE cap_login LOGIN IN ROLE gigpay_serving",
  );
  const url = new URL(database.url);
  url.username = "cap_login";
  const pool = await openPool({ url: url.href, poolMax: 2, statementTimeoutMs: 10_000 });
  expect(await accept(acceptanceOver(pool, capOf(50)), { taskId: "a" }, { taskId: "b" })).toEqual([
    "planned",
    "risk_rejected",
  ]);
  await pool.end();
  await expect(execute(url.href, "DELETE FROM platform_days")).rejects.toMatchObject({
    code: "42501",
  });
});
