import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { openRestore } from "../../src/restore/open-restore.ts";
import { pino } from "pino";
import { z } from "zod";
import { wholeLedger } from "../../src/settlement/ledger-check.ts";
import { LEDGER_CHECKS } from "../../src/settlement/ledger-checks.ts";
import { batchOf, taskCompleted, units } from "../support/acceptance.ts";
import { holdClock } from "../support/hold-clock.ts";
import { rowsOf } from "../support/read-rows.ts";
import { addressOf, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";
import { confirmRestore } from "./confirm-restore.ts";
import { startTwoLives, type TwoLives } from "./two-lives.ts";

/**
 * The traces that broke an earlier reading of the protocol, played on a real database that is put back: each must end
 * with one payment, and with no event that another contradicts.
 */
const log = pino({ level: "silent" });
const DECLARED = { kind: "declared", actor: "operator:test", reason: "a backup" } as const;

async function seed(pool: Database, changes: { taskKnown?: boolean } = {}): Promise<void> {
  await insertPlatform(pool, { id: "platform-1", walletAddress: addressOf("wallet A") });
  await insertWorker(pool, { id: "worker-1" });
  if (changes.taskKnown ?? true) await addTask(pool);
}

function addTask(pool: Database): Promise<void> {
  return insertTasks(pool, [
    { platformId: "platform-1", id: "task-1", workerId: "worker-1", amount: units(50) },
  ]);
}

/** The service has read chain and topics; the operator says yes, and what waited is looked at again. */
async function comeBack(
  world: TwoLives,
  verdict: "restored" | "dismissed" = "restored",
): Promise<void> {
  await world.follow();
  await world.adoptTopics();
  await confirmRestore(world.pool(), verdict);
  await holdClock(world.pool(), 120_000);
  await world.judgePostponed();
  await world.recheck();
}

async function paidLogs(world: TwoLives): Promise<readonly unknown[]> {
  return (await rowsOf(world.pool(), "chain_events")).filter(({ kind }) => kind === "paid");
}

const mismatchRow = z.object({ payment_id: z.string().nullable(), detail: z.string() });

async function mismatches(pool: Database): Promise<readonly unknown[]> {
  const found = Object.values(LEDGER_CHECKS).map((check) =>
    pool.any(sql.type(mismatchRow)`${check.statement(wholeLedger(3_600_000))}`),
  );
  return (await Promise.all(found)).flat();
}

function eventsOf(world: TwoLives): string[] {
  return world.published.map(
    ({ topic, headers }) => `${topic} ${String(headers["event-id"]?.[0])}`,
  );
}

test.each([["the old send first"], ["the new send first"]])(
  "trace 4: a pay in flight from a wallet that the restore takes back, %s: paid once",
  async (order) => {
    await using world = await startTwoLives();
    await seed(world.pool());
    const backup = await world.backUp();
    await world.pool().query(sql.type(anyRow)`
      UPDATE platforms SET wallet_address = ${addressOf("wallet B")}`);
    await world.accept(taskCompleted());
    const inFlight = await world.dispatch();
    expect(inFlight).toMatchObject([{ item: { terms: { payer: addressOf("wallet B") } } }]);

    await backup.restore();
    await openRestore({ db: world.pool(), log }, DECLARED);
    await world.accept(taskCompleted());
    expect(await world.dispatch(), "nothing leaves before the operator's word").toEqual([]);
    if (order === "the old send first") world.land(inFlight);
    await comeBack(world);
    const again = await world.dispatch();
    world.land(again);
    world.land(inFlight);
    await world.follow();

    expect(await paidLogs(world)).toHaveLength(1);
    expect(await rowsOf(world.pool(), "payments")).toMatchObject([{ state: "completed" }]);
    await world.relay();
    expect(world.published.map(({ topic }) => topic)).toEqual(["payment.completed"]);
    expect(world.alarms).toEqual([]);
  },
);

test("trace 5: a second generation in flight, and a restored directory that finds the first one eligible: paid once", async () => {
  await using world = await startTwoLives();
  await seed(world.pool(), { taskKnown: false });
  const backup = await world.backUp();
  await world.accept(taskCompleted());
  await world.relay();
  await addTask(world.pool());
  expect(await world.retry("task-1", 1)).toMatchObject({ kind: "planned", generation: 2 });
  const inFlight = await world.dispatch();

  await backup.restore();
  await openRestore({ db: world.pool(), log }, DECLARED);
  await addTask(world.pool());
  await world.accept(taskCompleted());
  await comeBack(world);
  expect(await world.dispatch(), "failed(1) stays as it was announced").toEqual([]);
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([
    { state: "failed", generation: 1, failure_code: "task_not_found" },
  ]);
  world.land(inFlight);
  await world.follow();
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([
    { state: "completed", generation: 2 },
  ]);
  await world.relay();
  expect(world.published.map(({ topic }) => topic)).toEqual([
    "payment.failed",
    "payment.completed",
  ]);
  expect(await paidLogs(world)).toHaveLength(1);
  expect(world.alarms).toEqual([]);
});

test("trace 5: a retry after the restore opens a generation above every one that was announced", async () => {
  await using world = await startTwoLives();
  await seed(world.pool(), { taskKnown: false });
  const backup = await world.backUp();
  await world.accept(taskCompleted());
  await addTask(world.pool());
  await world.retry("task-1", 1);
  const sends = await world.dispatch();
  world.chain.void(sends.map(({ item }) => item));
  world.land(sends);
  await world.follow();
  await world.relay();
  await world.relay();
  expect(world.published, "both failed").toHaveLength(2);

  await backup.restore();
  await openRestore({ db: world.pool(), log }, DECLARED);
  await addTask(world.pool());
  await world.accept(taskCompleted());
  await comeBack(world);
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([
    { state: "failed", generation: 2 },
  ]);
  expect(await world.retry("task-1", 2)).toMatchObject({ kind: "planned", generation: 3 });
  const third = await world.dispatch();
  world.land(third);
  await world.follow();
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([
    { state: "completed", generation: 3 },
  ]);
});

test("trace 6: failed(1) was announced with nothing sent, and the restored directory would pay: it stays failed", async () => {
  await using world = await startTwoLives();
  await seed(world.pool(), { taskKnown: false });
  const backup = await world.backUp();
  await world.accept(taskCompleted());
  await world.relay();
  const announced = eventsOf(world);

  await backup.restore();
  await openRestore({ db: world.pool(), log }, DECLARED);
  await addTask(world.pool());
  await world.accept(taskCompleted());
  await comeBack(world);
  expect(await world.dispatch()).toEqual([]);
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([
    { state: "failed", generation: 1, failure_code: "task_not_found", void_tx_hash: null },
  ]);
  expect(await world.relay(), "and is not announced again").toBe(0);
  expect(eventsOf(world)).toEqual(announced);
  expect(await rowsOf(world.pool(), "payment_outcomes")).toMatchObject([{ kind: "failed" }]);
});

test("trace 6: the same where the payment was accepted already, and waited, when the backup was taken", async () => {
  await using world = await startTwoLives();
  await seed(world.pool());
  const backup = await world.backUp();
  await world.pool().query(sql.type(anyRow)`DELETE FROM tasks`);
  await world.accept(taskCompleted());
  await world.relay();

  await backup.restore();
  // Before anybody noticed: the restored directory still has the task, and the event comes a second time.
  await world.accept(taskCompleted());
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([{ state: "planned" }]);
  await world.adoptTopics();
  expect((await rowsOf(world.pool(), "restores"))[0], "our own topic gives it away").toMatchObject({
    signs: { "outcomes payment.failed/0": { offset: "0" } },
    outcomes_adopted: 1n,
  });
  await comeBack(world);
  expect(await world.dispatch()).toEqual([]);
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([{ state: "failed", intent: null }]);
});

test("trace 6: a pay in flight, and a restored directory that would refuse: no failure without a void, and paid is paid", async () => {
  await using world = await startTwoLives();
  await seed(world.pool(), { taskKnown: false });
  const backup = await world.backUp();
  await addTask(world.pool());
  await world.accept(taskCompleted());
  const inFlight = await world.dispatch();

  await backup.restore();
  await openRestore({ db: world.pool(), log }, DECLARED);
  await world.accept(taskCompleted());
  await comeBack(world);
  const voids = await world.dispatch();
  expect(voids).toMatchObject([{ intent: "void" }]);
  expect(await world.relay(), "nothing is said yet").toBe(0);
  world.land([...inFlight, ...voids]);
  await world.follow();
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([{ state: "completed" }]);
  await world.relay();
  expect(world.published.map(({ topic }) => topic)).toEqual(["payment.completed"]);
});

test("trace 7: the cursor passes the Paid of a payment that nobody knows yet; accepted again, it is completed by that", async () => {
  await using world = await startTwoLives();
  await seed(world.pool());
  const backup = await world.backUp();
  await world.accept(taskCompleted());
  world.land(await world.dispatch());
  await world.follow();
  await world.relay();
  const announced = eventsOf(world);

  await backup.restore();
  await openRestore({ db: world.pool(), log }, DECLARED);
  await world.follow();
  expect(await paidLogs(world), "stored, though nobody knows it").toHaveLength(1);
  await world.accept(taskCompleted());
  await comeBack(world);
  expect(await world.dispatch()).toEqual([]);
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([{ state: "completed" }]);
  expect(await world.relay(), "completed(1) is in the topic already").toBe(0);
  expect(eventsOf(world)).toEqual(announced);
  expect(world.alarms, "an operator confirmed what explains it").toEqual([]);
  expect(await mismatches(world.pool()), "adopted outcomes need no row in the outbox").toEqual([]);
});

test("trace 7: without its event in the topic it is announced, once, after the operator's word", async () => {
  await using world = await startTwoLives();
  await seed(world.pool());
  const backup = await world.backUp();
  await world.accept(taskCompleted());
  world.land(await world.dispatch());

  await backup.restore();
  await openRestore({ db: world.pool(), log }, DECLARED);
  await world.accept(taskCompleted());
  await world.follow();
  expect(
    await rowsOf(world.pool(), "payments"),
    "terms that only a restore explains wait",
  ).toMatchObject([{ state: "accepted" }]);
  await comeBack(world);
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([{ state: "completed" }]);
  await world.relay();
  expect(world.published.map(({ topic }) => topic)).toEqual(["payment.completed"]);
});

test("trace 7: a backup from before anything was followed; what lies behind the first block is found by its announcement", async () => {
  await using world = await startTwoLives();
  await seed(world.pool());
  const backup = await world.backUp();
  await world.accept(taskCompleted());
  world.land(await world.dispatch());
  await world.follow();
  await world.relay();
  const announced = eventsOf(world);

  await backup.restore();
  await world.pool().query(sql.type(anyRow)`DELETE FROM chain_cursors`);
  await openRestore({ db: world.pool(), log }, DECLARED);
  await world.follow();
  expect(await paidLogs(world), "following begins at the head").toEqual([]);
  await world.adoptTopics();
  await world.accept(taskCompleted());
  await comeBack(world);
  await world.follow();
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([{ state: "completed" }]);
  expect(await world.dispatch()).toEqual([]);
  expect(await world.relay(), "completed(1) is in the topic already").toBe(0);
  expect(eventsOf(world)).toEqual(announced);
  expect(world.alarms).toEqual([]);
  expect(await mismatches(world.pool())).toEqual([]);
});

test("trace 9: a consumer ahead of a restored database is refused, whole, and nothing is passed over", async () => {
  await using world = await startTwoLives();
  await seed(world.pool());
  const backup = await world.backUp();
  const first = ["task-1", "task-2"].map((taskId) => taskCompleted({ taskId }));
  const third = [taskCompleted({ taskId: "task-3" })];
  const accept = (batch: ReturnType<typeof batchOf>) => world.acceptInput(batch);
  await accept(batchOf(first));

  await backup.restore();
  expect(await accept(batchOf(third, 2n, 2n))).toMatchObject({
    kind: "offset_conflict",
    partitions: [{ stored: null }],
  });
  expect(await rowsOf(world.pool(), "payments")).toEqual([]);
  await accept(batchOf([...first, ...third]));
  expect(await rowsOf(world.pool(), "payments")).toHaveLength(3);
  expect(await rowsOf(world.pool(), "kafka_offsets")).toMatchObject([{ next_offset: 3n }]);
});

test("a dismissed alarm loosens nothing: a Paid to another wallet is a review and an alarm", async () => {
  await using world = await startTwoLives();
  await seed(world.pool());
  await world.accept(taskCompleted());
  const sends = await world.dispatch();
  await openRestore({ db: world.pool(), log }, DECLARED);
  const stolen = sends.map(({ intent, item }) => ({
    intent,
    item: { ...item, terms: { ...item.terms, recipient: addressOf("a thief") } },
  }));
  world.land(stolen);
  await world.follow();
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([{ state: "planned" }]);
  await comeBack(world, "dismissed");
  expect(await rowsOf(world.pool(), "payments")).toMatchObject([
    { state: "review", doubt_reason: "paid_contradicts_terms" },
  ]);
  expect(world.alarms).toEqual(["paid_contradicts_terms"]);
});
