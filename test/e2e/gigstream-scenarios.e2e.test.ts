/**
 * What GigStream's executeInstantPayment promised, told as its platforms met it, over real parts: events into Kafka,
 * money on the chain, outcomes out of Kafka.
 */
import { generatePrivateKey } from "viem/accounts";
import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circleControl } from "../../sandbox/circle/control-client.ts";
import { walletOf } from "../../sandbox/furnish.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { getPayment } from "../../src/queries/get-payment.ts";
import { taskCompleted, units } from "../support/acceptance.ts";
import { addressOf, insertTasks } from "../support/seed.ts";
import { startLine, taskDone, type WholeLine } from "./whole-line.ts";

/** 50 USDC less 2.5 %. */
const NET = 48_750_000n;

const lines = new AsyncDisposableStack();
let arc: WholeLine;
let circle: WholeLine;

beforeAll(async () => {
  const settings = { PAYMENT_RETRY_DELAYS_MS: "100,200,300" };
  [arc, circle] = await Promise.all([
    startLine({ rail: "arc", treasuries: 8, settings }),
    startLine({ rail: "circle", treasuries: 2, settings }),
  ]);
  lines.use(arc);
  lines.use(circle);
});

afterAll(() => lines.disposeAsync());

test.each([
  ["arc", () => arc],
  ["circle", () => circle],
] as const)(
  "1. a completed task is paid once, net of the fee, by the %s rail",
  async (rail, on) => {
    const { world, platforms, downstream, openPlatform, hire, read } = on();
    const { pool, chain } = world;

    const payer = await openPlatform({ id: "acme", taskSource: "directory" });
    await hire("ann");
    const task = { platformId: "acme", id: "logo", workerId: "ann", amount: units(50) };
    await insertTasks(pool, [task]);

    await platforms.publish(taskDone({ platformId: "acme", taskId: "logo", workerId: "ann" }));
    const outcome = await downstream.outcomeOf("logo");

    const paymentId = paymentIdOf("acme", "logo");
    const transfers = await chain.transfersFrom(payer);
    expect(transfers).toMatchObject([
      { token: world.parts.chain.tokens.USDC, to: addressOf("ann"), amount: NET },
    ]);
    expect(outcome).toMatchObject({
      kind: "completed",
      paymentId,
      generation: 1,
      sourceEventId: "logo-is-done",
      rail,
      amount: units(50),
      fee: 1_250_000n,
      netAmount: NET,
      txHash: transfers[0]?.txHash,
    });
    expect(await read(sql.fragment`SELECT status FROM tasks WHERE id = 'logo'`)).toEqual(["paid"]);
    expect(await read(sql.fragment`SELECT reputation::text FROM workers WHERE id = 'ann'`)).toEqual(
      ["10"],
    );
    expect(
      await read(sql.fragment`SELECT action FROM audit_log WHERE payment_id = ${paymentId}`),
    ).toEqual(["payment.completed"]);
  },
);

test("2. however often the task is announced, it is paid once", async () => {
  const { world, platforms, downstream, openPlatform, hire, read } = arc;
  await openPlatform({ id: "byte", taskSource: "event" });
  await hire("bob");
  const done = taskDone({ platformId: "byte", taskId: "site", workerId: "bob" });
  const again = { ...done, eventId: "site-is-done-I-say" };
  const next = taskDone({ platformId: "byte", taskId: "next", workerId: "bob" });

  await platforms.publish(done, done);
  await downstream.outcomeOf("site");
  await platforms.publish(done, again, next);
  // One worker's events are in one partition: what comes before this one has been dealt with.
  await downstream.outcomeOf("next");

  const ofSite = downstream.outcomes.items.filter(({ taskId }) => taskId === "site");
  expect(ofSite.map(({ kind }) => kind)).toEqual(["completed"]);
  const paymentId = paymentIdOf("byte", "site");
  const history = await world.chain.historyOf(world.chain.payOnce, paymentId);
  expect(history.map(({ said }) => said)).toEqual(["Paid 1"]);
  expect(
    await read(sql.fragment`
      SELECT event_id || ' ' || verdict FROM inbox WHERE payment_id = ${paymentId} ORDER BY verdict DESC`),
  ).toEqual(["site-is-done new", "site-is-done-I-say duplicate"]);
  // The platform never wrote the task itself: its event did.
  expect(await read(sql.fragment`SELECT status FROM tasks WHERE id = 'site'`)).toEqual(["paid"]);
});

test("3. what may not be paid fails with its reason, and the chain never hears of it", async () => {
  const { world, platforms, downstream, openPlatform, hire, read } = arc;
  await openPlatform({ id: "corp", taskSource: "directory" });
  await hire("cleo", "carl");
  const task = { platformId: "corp", workerId: "cleo", amount: units(50) };
  await insertTasks(world.pool, [
    { ...task, id: "unfinished", status: "in_progress" },
    { ...task, id: "carls", workerId: "carl" },
    { ...task, id: "dearer", amount: units(49) },
  ]);
  const expected = {
    unfinished: "task_not_completed",
    carls: "worker_mismatch",
    dearer: "amount_mismatch",
    unheard: "task_not_found",
  };

  const taskIds = Object.keys(expected);
  await platforms.publish(
    ...taskIds.map((taskId) => taskDone({ platformId: "corp", taskId, workerId: "cleo" })),
  );

  for (const [taskId, code] of Object.entries(expected)) {
    expect(await downstream.outcomeOf(taskId)).toMatchObject({
      kind: "failed",
      code,
      attempts: 0,
      voidTxHash: null,
    });
    const paymentId = paymentIdOf("corp", taskId);
    expect(await world.chain.historyOf(world.chain.payOnce, paymentId)).toEqual([]);
    expect(
      await read(sql.fragment`
        SELECT outcome FROM transaction_items WHERE payment_id = ${paymentId}`),
    ).toEqual([]);
  }
  expect(
    await read(sql.fragment`SELECT status FROM tasks WHERE platform_id = 'corp' ORDER BY id`),
  ).toEqual(["completed", "completed", "in_progress"]);
});

test("4. a blocked worker's payment is closed on chain before it fails, and can be retried", async () => {
  const { world, platforms, downstream, operator, openPlatform, hire } = arc;
  const { chain } = world;
  await openPlatform({ id: "dove", taskSource: "event" });
  await hire("dan");
  const paymentId = paymentIdOf("dove", "song");
  const history = () => chain.historyOf(chain.payOnce, paymentId);
  const wallet = addressOf("dan") as `0x${string}`;
  await chain.setBlacklisted("USDC", wallet, true);

  await platforms.publish(taskDone({ platformId: "dove", taskId: "song", workerId: "dan" }));
  const failed = await downstream.outcomeOf("song");
  const closed = await history();
  expect(closed.map(({ said }) => said)).toEqual(["Refused 1", "Voided 1"]);
  expect(failed).toMatchObject({
    kind: "failed",
    code: "wallet_blocked",
    retryable: true,
    attempts: 1,
    voidTxHash: closed[1]?.txHash,
  });

  await chain.setBlacklisted("USDC", wallet, false);
  expect(await operator.retry(paymentId, 1)).toEqual({ kind: "planned", generation: 2 });
  expect(await operator.retry(paymentId, 1)).toEqual({
    kind: "generation_mismatch",
    generation: 2,
  });
  expect(await downstream.outcomeOf("song", 2)).toMatchObject({
    kind: "completed",
    netAmount: NET,
  });
  expect((await history()).map(({ said }) => said)).toEqual(["Refused 1", "Voided 1", "Paid 2"]);
});

test("5. an empty treasury fails nobody and delays nobody else", async () => {
  const { world, service, platforms, downstream, openPlatform, hire } = arc;
  const { chain, pool } = world;
  const broke = walletOf(generatePrivateKey());
  await chain.fund(broke.address, { native: 10n ** 18n });
  await chain.approve(broke.privateKey, "USDC", chain.payOnce, units(1_000));
  await openPlatform({ id: "echo", taskSource: "event", wallet: broke.address });
  await openPlatform({ id: "rich", taskSource: "event" });
  await hire("eve");
  const unpaid = ["e1", "e2", "e3"];
  const neighbours = ["r1", "r2", "r3"];
  const of = (platformId: string, taskIds: readonly string[]) =>
    taskIds.map((taskId) => taskDone({ platformId, taskId, workerId: "eve" }));

  await platforms.publish(...of("echo", unpaid), ...of("rich", neighbours));
  for (const taskId of neighbours) {
    expect(await downstream.outcomeOf(taskId)).toMatchObject({ kind: "completed" });
  }
  await service.log.next(
    "the parked payer",
    ({ msg, payer }) =>
      msg === "payer parked until it is funded" && payer === broke.address.toLowerCase(),
  );
  for (const taskId of unpaid) {
    expect(await getPayment(pool, paymentIdOf("echo", taskId))).toMatchObject({
      state: "planned",
      generation: 1,
      attempts: [],
    });
  }

  await chain.fund(broke.address, { usdc: units(150) });
  for (const taskId of unpaid) {
    expect(await downstream.outcomeOf(taskId)).toMatchObject({ kind: "completed", attempts: 1 });
  }
  const transfers = await chain.transfersFrom(broke.address);
  expect(transfers.map(({ amount }) => amount)).toEqual([NET, NET, NET]);
});

test("6. what the token refuses for good is tried as set, closed on chain, and only then failed", async () => {
  const { world, platforms, downstream, openPlatform, hire, read } = arc;
  const { chain } = world;
  await openPlatform({ id: "flux", taskSource: "event" });
  await hire("fay");
  const paymentId = paymentIdOf("flux", "film");
  await chain.setPaused("EURC", true);
  try {
    const task = { platformId: "flux", workerId: "fay" };
    await platforms.publish(
      taskDone({ ...task, taskId: "film", currency: "EURC" }),
      taskDone({ ...task, taskId: "clip" }),
    );
    expect(await downstream.outcomeOf("clip")).toMatchObject({ kind: "completed" });
    const failed = await downstream.outcomeOf("film");
    const history = await chain.historyOf(chain.payOnce, paymentId);
    expect(history.map(({ said }) => said)).toEqual([
      "Refused 1",
      "Refused 1",
      "Refused 1",
      "Refused 1",
      "Voided 1",
    ]);
    expect(failed).toMatchObject({
      kind: "failed",
      code: "transfer_reverted",
      message: expect.stringContaining("Pausable: paused"),
      attempts: 4,
      voidTxHash: history.at(-1)?.txHash,
    });
    expect(
      await read(sql.fragment`
        SELECT details->>'delayMs' FROM audit_log
        WHERE payment_id = ${paymentId} AND action = 'payment.retry' ORDER BY id`),
    ).toEqual(["100", "200", "300"]);
  } finally {
    await chain.setPaused("EURC", false);
  }
});

test("6. so is what Circle ends unpaid every time", async () => {
  const { world, platforms, downstream, operator, openPlatform, hire } = circle;
  const { chain } = world;
  const control = circleControl(world.parts.circle.controlUrl);
  await openPlatform({ id: "gist", taskSource: "event" });
  await hire("gus");
  const paymentId = paymentIdOf("gist", "game");
  const history = async () =>
    (await chain.historyOf(chain.payOnce, paymentId)).map(({ said }) => said);
  await control.inject({ kind: "forceState", state: "FAILED", executed: false, count: 4 });
  try {
    await platforms.publish(taskDone({ platformId: "gist", taskId: "game", workerId: "gus" }));
    expect(await downstream.outcomeOf("game")).toMatchObject({
      kind: "failed",
      code: "attempts_exhausted",
      retryable: true,
      attempts: 4,
    });
    expect(await history()).toEqual(["Voided 1"]);
  } finally {
    await control.clearFaults();
  }
  expect(await operator.retry(paymentId, 1)).toEqual({ kind: "planned", generation: 2 });
  expect(await downstream.outcomeOf("game", 2)).toMatchObject({ kind: "completed" });
  expect(await history()).toEqual(["Voided 1", "Paid 2"]);
});

test("7. of many payments asked for at once each gets its answer, and a bad one stops no other", async () => {
  const { world, downstream, operator, openPlatform, hire } = arc;
  await openPlatform({ id: "hive", taskSource: "directory" });
  await openPlatform({ id: "iris", taskSource: "event" });
  await hire("hal");
  const task = { platformId: "hive", workerId: "hal", amount: units(50) };
  await insertTasks(world.pool, [
    { ...task, id: "h1" },
    { ...task, id: "h2", status: "disputed" },
  ]);
  const ask = (platformId: string, taskId: string, amount = units(50)) =>
    taskCompleted({ platformId, taskId, workerId: "hal", amount });

  const results = await operator.submit([
    ask("hive", "h1"),
    ask("hive", "h1", 0n),
    ask("hive", "h2"),
    ask("nowhere", "h3"),
    ask("iris", "i1"),
    ask("iris", "i1"),
    ask("iris", "i1", units(60)),
  ]);
  expect(results).toMatchObject([
    { verdict: "new", state: "planned" },
    { verdict: "dead_letter", code: "amount_invalid", field: "amount" },
    { verdict: "new", state: "failed", failure: { code: "task_not_completed" } },
    { verdict: "dead_letter", code: "platform_unknown" },
    { verdict: "new", state: "planned" },
    { verdict: "duplicate", paymentId: paymentIdOf("iris", "i1") },
    { verdict: "conflict", code: "event_id_conflict", field: "amount" },
  ]);
  expect(await downstream.outcomeOf("h1")).toMatchObject({ kind: "completed", netAmount: NET });
  expect(await downstream.outcomeOf("i1")).toMatchObject({ kind: "completed", netAmount: NET });
  expect(await downstream.outcomeOf("h2")).toMatchObject({ kind: "failed", attempts: 0 });
  expect(downstream.outcomes.items.filter(({ workerId }) => workerId === "hal")).toHaveLength(3);
});
