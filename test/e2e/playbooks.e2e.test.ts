import { pino } from "pino";
import { sql } from "slonik";
import type { Hex } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circleControl } from "../../sandbox/circle/control-client.ts";
import { walletOf } from "../../sandbox/furnish.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { createKey } from "../../src/keys/create-key.ts";
import { SCOPES } from "../../src/keys/scopes.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { openRestore } from "../../src/restore/open-restore.ts";
import { getPayment } from "../../src/queries/get-payment.ts";
import { units } from "../support/acceptance.ts";
import { addressOf, insertPlatform } from "../support/seed.ts";
import { apiUrlOf } from "./api-client.ts";
import { openPlaybook } from "./playbook.ts";
import { bringUp, takeDown } from "./sandbox-client.ts";
import { noncesUsed, payFromOutside } from "./thief.ts";
import { runLogged } from "./shared-world.ts";
import { startLine, taskDone, type WholeLine } from "./whole-line.ts";

/** Two worlds, and the sandbox where this file is the first of a run. */
const STARTING_TIMEOUT_MS = 240_000;

const running = new AsyncDisposableStack();
let circle: WholeLine;
let arc: WholeLine;
const access = new Map<WholeLine, Record<string, string>>();

beforeAll(async () => {
  // Long enough that only what really is in doubt is, short enough to wait for.
  const settings = { PAYMENT_REVIEW_AFTER_MS: "4000", PAYMENT_RETRY_DELAYS_MS: "100,200,300" };
  circle = running.use(await startLine({ rail: "circle", treasuries: 1, settings }));
  arc = running.use(await startLine({ rail: "arc", treasuries: 2 }));
  for (const line of [circle, arc]) access.set(line, await accessTo(line));
}, STARTING_TIMEOUT_MS);

afterAll(() => running.disposeAsync());

/** What an operator has at hand: the deployment's settings, the service's address and a key. */
function onCall(line: WholeLine): Record<string, string> {
  return { ...line.world.settings, ...access.get(line) };
}

async function accessTo({ world, service }: WholeLine): Promise<Record<string, string>> {
  const order = { expiresInDays: null, actor: "operator:test", reason: "a test" };
  const key = { name: "on-call", scopes: SCOPES, platformId: null };
  const { token } = await createKey(world.pool, { ...key, ...order });
  return { GIGPAY_URL: await apiUrlOf(service), GIGPAY_API_KEY: token };
}

async function pausePlatform(pool: Database, scope: string): Promise<void> {
  await pool.query(sql.type(anyRow)`
    INSERT INTO pauses (scope, reason, actor) VALUES (${scope}, 'a test', 'test')`);
}

async function resumePlatform(pool: Database, scope: string): Promise<void> {
  await pool.query(sql.type(anyRow)`DELETE FROM pauses WHERE scope = ${scope}`);
}

test("payment in review: looked at again, proven or not, cancelled, and paid after all", async () => {
  const { world, platforms, downstream, openPlatform, hire, read } = circle;
  const { pool } = world;
  const playbook = openPlaybook("payment-in-review", () => onCall(circle));
  const control = circleControl(world.parts.circle.controlUrl);
  const wallet = await openPlatform({ id: "steady", taskSource: "event" });
  await openPlatform({ id: "fickle", taskSource: "event", wallet });
  await hire("dora");
  const owed = paymentIdOf("steady", "owed");
  const withdrawn = paymentIdOf("fickle", "withdrawn");
  const of = (id: string) => ({ PAYMENT_ID: id, TX_HASH: `0x${"7".repeat(64)}` });
  const untilBoth = (column: ReturnType<typeof sql.fragment>, value: string) =>
    expect
      .poll(() => read(sql.fragment`SELECT ${column} FROM payments`), { timeout: 60_000 })
      .toEqual([value, value]);

  const match = { method: "POST", path: "/transactions/contractExecution" };
  await control.inject({ kind: "loseAnswer", executed: false, count: null, match });
  try {
    await platforms.publish(
      taskDone({ platformId: "steady", taskId: "owed", workerId: "dora" }),
      taskDone({ platformId: "fickle", taskId: "withdrawn", workerId: "dora" }),
    );
    await untilBoth(sql.fragment`(first_sent_at IS NOT NULL)::text`, "true");
    // No second send of it, which might be first: this one's cancel is to win.
    await pausePlatform(pool, "fickle");
    await untilBoth(sql.fragment`state`, "review");
    const list = await playbook.run("gigpay review list");
    expect(list.code).toBe(0);
    for (const id of [owed, withdrawn]) expect(list.stdout).toContain(id);
    expect(list.stdout).toContain("pay_unconfirmed");

    const rechecked = await playbook.run(
      'gigpay review resolve PAYMENT_ID --decision recheck --expected-generation 1 --reason "Circle is back" --yes',
      of(owed),
    );
    expect(rechecked).toMatchObject({ code: 8 });
    const unproven = await playbook.run(
      'gigpay review resolve PAYMENT_ID --decision confirm-paid --tx TX_HASH --expected-generation 1 --reason "seen in the explorer" --yes',
      of(owed),
    );
    expect(unproven).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /evidence_rejected: [^]*transaction: expected succeeded, found not mined/,
      ),
    });
    const cancelled = await playbook.run(
      'gigpay review resolve PAYMENT_ID --decision cancel --expected-generation 1 --reason "the platform withdrew the task" --yes',
      of(withdrawn),
    );
    expect(cancelled).toMatchObject({ code: 8 });
  } finally {
    await control.clearFaults();
  }
  await resumePlatform(pool, "fickle");
  expect(await downstream.outcomeOf("owed")).toMatchObject({ kind: "completed", generation: 1 });
  expect(await downstream.outcomeOf("withdrawn")).toMatchObject({
    kind: "failed",
    code: "cancelled_by_operator",
  });
  expect(await playbook.run("gigpay get PAYMENT_ID", of(withdrawn))).toMatchObject({ code: 7 });
  expect(await playbook.again(of(owed))).toMatchObject({ code: 0 });

  const retried = await playbook.run(
    'gigpay retry PAYMENT_ID --expected-generation 1 --reason "owed after all" --yes --wait 60',
    of(withdrawn),
  );
  expect(retried).toMatchObject({ code: 0 });
  expect(await playbook.again(of(withdrawn))).toMatchObject({ code: 5 });
  expect(await downstream.outcomeOf("withdrawn", 2)).toMatchObject({ kind: "completed" });
  expect(await playbook.run("gigpay verify")).toMatchObject({ code: 0 });
  playbook.expectDone();
});

test("a treasury is empty: its payments wait and use up no try, and go on once it is funded", async () => {
  const { world, service, platforms, downstream, openPlatform, hire } = arc;
  const playbook = openPlaybook("treasury-empty", () => onCall(arc));
  const broke = walletOf(generatePrivateKey());
  await world.chain.fund(broke.address, { native: 10n ** 18n });
  await world.chain.approve(broke.privateKey, "USDC", world.chain.payOnce, units(1_000));
  await openPlatform({ id: "broke", taskSource: "event", wallet: broke.address });
  await hire("tom");
  const values = { PAYMENT_ID: paymentIdOf("broke", "unpaid") };

  await platforms.publish(taskDone({ platformId: "broke", taskId: "unpaid", workerId: "tom" }));
  await service.log.next(
    "the alert",
    ({ msg, payer }) =>
      msg === "payer parked until it is funded" && payer === broke.address.toLowerCase(),
  );
  const doctor = await playbook.run("gigpay doctor");
  expect(doctor.code).toBe(0);
  expect(doctor.stdout).toMatch(/^low +platform broke in USDC: balance 0\.000000/m);
  expect(await playbook.run("gigpay get PAYMENT_ID", values)).toMatchObject({ code: 8 });
  expect(await getPayment(world.pool, values.PAYMENT_ID)).toMatchObject({
    state: "planned",
    generation: 1,
    attempts: [],
  });

  await world.chain.fund(broke.address, { usdc: units(50) });
  expect(await downstream.outcomeOf("unpaid")).toMatchObject({ kind: "completed", attempts: 1 });
  expect(await playbook.run("gigpay get PAYMENT_ID", values)).toMatchObject({ code: 0 });
  playbook.expectDone();
});

test("dead letters pile up: what is mended is replayed and paid, and the rest is discarded", async () => {
  const { world, platforms, downstream, openPlatform, hire, read } = arc;
  const playbook = openPlaybook("dead-letters", () => onCall(arc));
  await openPlatform({ id: "letters", taskSource: "event" });
  await hire("lea");
  const task = { platformId: "letters", taskId: "twice", workerId: "lea" };
  await platforms.publish(taskDone({ ...task, workerId: "nobody", eventId: "wrong" }));
  expect(await downstream.outcomeOf("twice")).toMatchObject({ kind: "failed" });
  await platforms.publish(
    taskDone({ ...task, eventId: "right" }),
    taskDone({ platformId: "late", taskId: "early", workerId: "lea" }),
  );
  await platforms.send([{ key: "x", value: Buffer.from("garbage") }]);
  await downstream.deadRecords.until("three dead letters", ({ length }) => length >= 3);
  const [unknown, conflict, garbage] = await Promise.all(
    ["platform_unknown", "task_has_payment", "not_avro"].map(async (code) => {
      const [id] = await read(sql.fragment`SELECT id::text FROM dead_letters WHERE code = ${code}`);
      return { DEAD_LETTER_ID: id ?? "" };
    }),
  );

  const list = await playbook.run("gigpay dead-letters list --status open");
  expect(list.code).toBe(0);
  expect(list.stdout.trim().split("\n")).toHaveLength(3);
  const shown = await playbook.run("gigpay dead-letters show DEAD_LETTER_ID", conflict);
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/differs in +workerId/);
  expect(shown.stdout).toMatch(/the letter says +lea\n.*the payment says +nobody/);

  const wallet = world.treasuries[1]?.address.toLowerCase() ?? "";
  await insertPlatform(world.pool, { id: "late", taskSource: "event", walletAddress: wallet });
  const dry = await playbook.run(
    'gigpay dead-letters replay --code platform_unknown --dry-run --reason "the platform is set up"',
  );
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing was changed") });
  expect(await getPayment(world.pool, paymentIdOf("late", "early"))).toBeNull();
  const replayed = await playbook.run(
    'gigpay dead-letters replay --code platform_unknown --reason "the platform is set up" --yes',
  );
  expect(replayed).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(unknown?.DEAD_LETTER_ID ?? "?"),
  });
  expect(await downstream.outcomeOf("early")).toMatchObject({ kind: "completed" });

  const reopened = await playbook.run(
    'gigpay dead-letters replay DEAD_LETTER_ID --reason "the first event named the wrong worker" --yes',
    conflict,
  );
  expect(reopened).toMatchObject({ code: 0, stdout: expect.stringContaining("generation 2") });
  expect(await downstream.outcomeOf("twice", 2)).toMatchObject({
    kind: "completed",
    workerId: "lea",
    sourceEventId: "right",
  });
  const discarded = await playbook.run(
    'gigpay dead-letters discard DEAD_LETTER_ID --reason "not an event of ours" --yes',
    garbage,
  );
  expect(discarded).toMatchObject({ code: 0 });
  expect(await playbook.run("gigpay verify")).toMatchObject({ code: 0 });
  expect(await read(sql.fragment`SELECT status FROM dead_letters ORDER BY status`)).toEqual([
    "discarded",
    "replayed",
    "replayed",
  ]);
  playbook.expectDone();
});

test("Circle is down: what is in doubt stays in doubt, and is paid when Circle is back", async () => {
  const { world, platforms, downstream, hire, read } = circle;
  const playbook = openPlaybook("circle-down", () => onCall(circle));
  const control = circleControl(world.parts.circle.controlUrl);
  const wallet = world.treasuries[0]?.address.toLowerCase() ?? "";
  await insertPlatform(world.pool, { id: "waits", taskSource: "event", walletAddress: wallet });
  await hire("cleo");
  const waiting = paymentIdOf("waits", "meanwhile");

  await control.inject({ kind: "loseAnswer", executed: false, count: null });
  try {
    await platforms.publish(
      taskDone({ platformId: "waits", taskId: "meanwhile", workerId: "cleo" }),
    );
    await expect
      .poll(() => read(sql.fragment`SELECT state FROM payments WHERE id = ${waiting}`), {
        timeout: 60_000,
      })
      .toEqual(["review"]);
    expect(await playbook.run("gigpay doctor")).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(/^away +chain: /m),
    });
    const list = await playbook.run("gigpay review list");
    expect(list.stdout).toContain(waiting);
    expect(list.stdout).toContain("pay_unconfirmed");
  } finally {
    await control.clearFaults();
  }
  expect(await downstream.outcomeOf("meanwhile")).toMatchObject({
    kind: "completed",
    generation: 1,
    attempts: 1,
  });
  expect(await playbook.run("gigpay doctor")).toMatchObject({ code: 0 });
  expect((await playbook.run("gigpay review list")).stdout).not.toContain(waiting);
  expect(await playbook.run("gigpay verify")).toMatchObject({ code: 0 });
  playbook.expectDone();
});

test("the chain is down: nothing fails, and what waited is paid when it is back", async () => {
  const { world, platforms, downstream, hire } = arc;
  const playbook = openPlaybook("chain-down", () => onCall(arc));
  const wallet = world.treasuries[1]?.address.toLowerCase() ?? "";
  await insertPlatform(world.pool, { id: "offline", taskSource: "event", walletAddress: wallet });
  await hire("chris");

  await takeDown("chain");
  try {
    await platforms.publish(
      taskDone({ platformId: "offline", taskId: "later", workerId: "chris" }),
    );
    expect(await playbook.run("gigpay doctor")).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(/^away +chain: /m),
    });
  } finally {
    await bringUp("chain");
  }
  expect(await downstream.outcomeOf("later")).toMatchObject({ kind: "completed", attempts: 1 });
  expect(await playbook.run("gigpay doctor")).toMatchObject({ code: 0 });
  expect(await playbook.run("gigpay review list")).toMatchObject({ code: 0 });
  expect(await playbook.run("gigpay verify")).toMatchObject({ code: 0 });
  playbook.expectDone();
});

test("the registry is down: those whose schema is known are paid all the same", async () => {
  const { world, platforms, downstream, hire } = arc;
  const playbook = openPlaybook("registry-down", () => onCall(arc));
  const wallet = world.treasuries[1]?.address.toLowerCase() ?? "";
  await insertPlatform(world.pool, { id: "known", taskSource: "event", walletAddress: wallet });
  await hire("rita");

  await takeDown("registry");
  try {
    expect(await playbook.run("gigpay doctor")).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(/^away +schema registry: /m),
    });
    await platforms.publish(taskDone({ platformId: "known", taskId: "anyway", workerId: "rita" }));
    expect(await downstream.outcomeOf("anyway")).toMatchObject({ kind: "completed" });
  } finally {
    await bringUp("registry");
  }
  expect(await playbook.run("gigpay doctor")).toMatchObject({ code: 0 });
  expect(
    await playbook.run("gigpay dead-letters list --status open --code unknown_schema"),
  ).toMatchObject({ code: 0 });
  playbook.expectDone();
});

/** Last: it pauses everything and takes an operator away. */
test("an operator key is stolen: alarm, pause, review; revoked, it pays nothing more; replaced, everybody is paid", async () => {
  const { world, service, platforms, downstream, hire, read } = arc;
  const { chain, pool, treasuries } = world;
  const payer = treasuries[1]?.address ?? "0x";
  const [stolen, kept] = (world.settings["ARC_OPERATOR_PRIVATE_KEYS"] ?? "").split(",");
  const thief = walletOf(stolen as Hex);
  const fresh = walletOf(generatePrivateKey());
  const settings: Record<string, string> = {
    ...onCall(arc),
    PAY_ONCE_ADMIN_PRIVATE_KEY: chain.admin.privateKey,
  };
  const playbook = openPlaybook("operator-key-stolen", () => settings);
  await hire("sam");
  await insertPlatform(pool, {
    id: "robbed",
    taskSource: "event",
    walletAddress: payer.toLowerCase(),
  });
  // Planned, and held back, so that the thief is first.
  await pausePlatform(pool, "robbed");
  const robbed = paymentIdOf("robbed", "robbed");
  for (const taskId of ["robbed", "spared"]) {
    await platforms.publish(taskDone({ platformId: "robbed", taskId, workerId: "sam" }));
  }
  await expect
    .poll(() => read(sql.fragment`SELECT state FROM payments WHERE platform_id = 'robbed'`), {
      timeout: 30_000,
    })
    .toEqual(["planned", "planned"]);
  const loot = { payer, recipient: addressOf("the thief") as Hex, amount: units(40) };
  const steal = (paymentId: string) => payFromOutside(world, stolen as Hex, { ...loot, paymentId });

  expect(await steal(robbed)).toBe("success");
  await service.log.next("the alarm", ({ msg }) => msg === "the chain contradicts this service");
  expect(await read(sql.fragment`SELECT reason FROM pauses WHERE scope = '*'`)).toEqual([
    "alarm: paid_contradicts_terms",
  ]);

  const paused = await playbook.run('gigpay pause --reason "an operator key was stolen" --yes');
  expect(paused).toMatchObject({ code: 5 });
  const values = { STOLEN_ADDRESS: thief.address, NEW_ADDRESS: fresh.address };
  expect(await playbook.run("gigpay operators revoke STOLEN_ADDRESS --yes", values)).toMatchObject({
    code: 0,
  });
  const operators = await playbook.run("gigpay operators list");
  expect(operators.stdout.toLowerCase()).not.toContain(thief.address.toLowerCase());
  expect(await steal(paymentIdOf("robbed", "spared"))).toBe("reverted");

  const review = await playbook.run("gigpay review list --code paid_contradicts_terms");
  expect(review.stdout).toContain(robbed);
  const verified = await playbook.run("gigpay verify");
  expect(verified.code).toBe(9);
  expect(verified.stdout).toMatch(new RegExp(`paid_in_review +${robbed}`));
  expect(verified.stdout).toMatch(
    /money_not_conserved .*ledger 0 net in 0 payments .*; chain 40\.000000 in 1$/m,
  );
  expect(verified.stdout).toMatch(/, 2 mismatches$/m);

  // Within a minute the service notices the nonces by itself; here at once.
  const used = await noncesUsed(world, thief.address);
  const sign = { kind: "nonces", operator: thief.address.toLowerCase(), stored: "0" } as const;
  const log = pino({ level: "silent" });
  await openRestore({ db: pool, log }, { ...sign, chain: String(used) });
  const restored = await playbook.run("gigpay restored");
  expect(restored).toMatchObject({ code: 5, stdout: expect.stringContaining("nonces") });
  const dismissed = await playbook.run(
    'gigpay restored --dismiss --reason "a thief used our nonces; nothing was restored" --yes',
  );
  expect(dismissed).toMatchObject({ code: 0 });
  expect(await getPayment(pool, robbed)).toMatchObject({ state: "review" });

  await service.stop();
  await chain.fund(fresh.address, { native: 10n ** 21n });
  settings["ARC_OPERATOR_PRIVATE_KEYS"] = `${fresh.privateKey},${kept}`;
  expect(await playbook.run("gigpay operators add NEW_ADDRESS --yes", values)).toMatchObject({
    code: 0,
  });
  expect(await playbook.run("gigpay doctor")).toMatchObject({ code: 0 });
  const rotated = running.use(runLogged(settings, "rotated"));
  await rotated.ready;
  const url = await apiUrlOf(rotated);
  settings["GIGPAY_URL"] = url;
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
  await resumePlatform(pool, "robbed");
  const resumed = await playbook.run(
    'gigpay resume --reason "the stolen key is revoked and replaced" --yes',
  );
  expect(resumed).toMatchObject({ code: 0 });
  await platforms.publish(
    taskDone({ platformId: "robbed", taskId: "robbed-anew", workerId: "sam" }),
  );
  for (const taskId of ["spared", "robbed-anew"]) {
    expect(await downstream.outcomeOf(taskId)).toMatchObject({ kind: "completed" });
  }
  expect(await getPayment(pool, robbed)).toMatchObject({
    state: "review",
    doubt: { reason: "paid_contradicts_terms" },
  });
  playbook.expectDone();
});
