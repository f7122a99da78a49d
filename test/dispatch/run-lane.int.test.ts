import { sql } from "slonik";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { holdLease } from "../../src/database/lease.ts";
import { formSend } from "../../src/dispatch/form-send.ts";
import { EVERYTHING, pause, resume } from "../../src/dispatch/pause.ts";
import type { SendReport } from "../../src/dispatch/rail.ts";
import { runLane } from "../../src/dispatch/run-lane.ts";
import { MICROS_PER_UNIT } from "../../src/payment/money.ts";
import { createWake, type Wake } from "../../src/wake.ts";
import { freshDatabase } from "../support/database.ts";
import { addressOf } from "../support/seed.ts";
import {
  passTime,
  planPayments,
  readPayment,
  readPayments,
  readSends,
  settlePaid,
  startLane,
  worldOn,
  type World,
} from "./dispatch-world.ts";
import { paymentsIn, scriptedLane, type ScriptedLane } from "./scripted-lane.ts";

/** Everything here is awaited by looking; the lane itself is woken by its bell. */
const soon = { timeout: 10_000, interval: 10 };

async function aWorld(settings: Parameters<typeof worldOn>[1] = {}): Promise<World> {
  const { pool } = await keep(await freshDatabase());
  return worldOn(pool, settings);
}

async function keep<T extends AsyncDisposable>(resource: T): Promise<T> {
  onTestFinished(() => resource[Symbol.asyncDispose]());
  return resource;
}

function aLane(world: World, lane: ScriptedLane): ReturnType<typeof startLane> {
  const running = startLane(world, lane);
  onTestFinished(() => running.stop().catch(() => undefined));
  return running;
}

describe("a lane", () => {
  test("sends what is due in one batch and stores what the provider answered", async () => {
    const world = await aWorld();
    const ids = await planPayments(world.database, { name: "a", count: 3 });
    const lane = scriptedLane();
    aLane(world, lane);
    await vi.waitFor(
      async () => expect((await readSends(world.database))[0]?.submitted_at).toBeInstanceOf(Date),
      soon,
    );
    const [send] = await readSends(world.database);
    expect(send).toMatchObject({ kind: "pay", state: "open", item_count: 3 });
    expect(send?.circle_id).toBe(`circle-${send?.id}`);
    expect(paymentsIn(lane.submitted[0] ?? expect.fail()).sort()).toEqual([...ids].sort());
  });

  test("submits the same ticket again after a crash between commit 2 and the submission", async () => {
    const world = await aWorld();
    await planPayments(world.database, { name: "a" });
    const before = scriptedLane();
    const silence = Promise.withResolvers<never>();
    before.answers = [() => silence.promise];
    const first = aLane(world, before);
    await vi.waitFor(() => expect(before.submitted).toHaveLength(1), soon);
    silence.reject(new Error("killed"));
    await expect(first.done).rejects.toThrow("killed");

    const after = scriptedLane();
    aLane(world, after);
    await vi.waitFor(() => expect(after.submitted).toHaveLength(1), soon);
    expect(after.opened[0]?.map((send) => send.id)).toEqual([before.submitted[0]?.id]);
    expect(after.submitted[0]?.ticket).toEqual(before.submitted[0]?.ticket);
    expect(await readSends(world.database)).toHaveLength(1);
  });

  test("does not submit again, after a takeover, what was answered", async () => {
    const world = await aWorld();
    await planPayments(world.database, { name: "a" });
    const first = aLane(world, scriptedLane());
    await vi.waitFor(
      async () => expect((await readSends(world.database))[0]?.submitted_at).toBeInstanceOf(Date),
      soon,
    );
    await first.stop();
    const after = scriptedLane();
    aLane(world, after);
    await planPayments(world.database, { name: "b" });
    world.wake.ring();
    await vi.waitFor(() => expect(after.submitted).toHaveLength(1), soon);
    expect(after.opened[0]).toHaveLength(1);
    expect(after.submitted[0]?.id).not.toBe(after.opened[0]?.[0]?.id);
  });

  test("forgets its memory when the answer to COMMIT was lost, and finds the committed send again", async () => {
    const world = await aWorld();
    await planPayments(world.database, { name: "a" });
    const lane = scriptedLane();
    lane.committed = () => {
      throw new Error("the answer was lost");
    };
    await expect(aLane(world, lane).done).rejects.toThrow("lost");
    expect(lane.submitted).toHaveLength(0);
    const after = scriptedLane();
    aLane(world, after);
    await vi.waitFor(() => expect(after.submitted).toHaveLength(1), soon);
    expect(await readSends(world.database)).toHaveLength(1);
  });

  test("goes on forming while twelve sends per operator await their answers, and no more", async () => {
    const world = await aWorld({ batchMax: 1 });
    await planPayments(world.database, { name: "a", count: 30 });
    const lane = scriptedLane({ operators: [addressOf("op1"), addressOf("op2")] });
    const silence = Promise.withResolvers<never>();
    lane.answers = Array.from({ length: 30 }, () => () => silence.promise);
    const running = aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(24), soon);
    const sends = await readSends(world.database);
    const perOperator = Object.groupBy(sends, (send) => send.operator);
    expect(Object.values(perOperator).map((each) => each?.length)).toEqual([12, 12]);

    const [closed] = sends;
    await settlePaid(world.database, closed?.id ?? "");
    world.wake.ring();
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(25), soon);
    silence.reject(new Error("over"));
    await running.done.catch(() => undefined);
  });

  test("carries no more in a send than the chain's blocks have room for", async () => {
    const world = await aWorld({ batchMax: 10 });
    await planPayments(world.database, { name: "a", count: 7 });
    const lane = { ...scriptedLane(), batchMax: () => 3 };
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(3), soon);
    const sends = await readSends(world.database);
    expect(sends.map((send) => send.item_count).sort((a, b) => a - b)).toEqual([1, 3, 3]);
  });

  test("keeps the payments in flight below their bound", async () => {
    const world = await aWorld({ batchMax: 4, maxInFlight: 10 });
    await planPayments(world.database, { name: "a", count: 20 });
    const lane = scriptedLane();
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(3), soon);
    const sends = await readSends(world.database);
    expect(sends.map((send) => send.item_count).sort((a, b) => a - b)).toEqual([2, 4, 4]);
  });
});

describe("several lanes", () => {
  test("that share the payments never send one twice", async () => {
    const fresh = await keep(await freshDatabase());
    const one = worldOn(fresh.pool, { batchMax: 7 });
    const other = worldOn(await fresh.openAnotherPool(), { batchMax: 7 });
    const ids = await planPayments(fresh.pool, { name: "a", count: 140 });
    const lanes = ["one", "other"].map((id) =>
      scriptedLane({ id, operators: [addressOf(id)], maxInFlight: 100 }),
    );
    aLane(one, lanes[0] ?? expect.fail());
    aLane(other, lanes[1] ?? expect.fail());
    const sent = () => lanes.flatMap((lane) => lane.submitted.flatMap(paymentsIn));
    await vi.waitFor(() => expect(sent().length).toBeGreaterThanOrEqual(ids.length), soon);
    expect(sent().sort()).toEqual([...ids].sort());
    expect(lanes.every((lane) => lane.submitted.length > 0)).toBe(true);
  });

  test("never promise a payer's funds twice", async () => {
    const fresh = await keep(await freshDatabase());
    const worlds = [
      worldOn(fresh.pool, { batchMax: 1 }),
      worldOn(await fresh.openAnotherPool(), { batchMax: 1 }),
    ];
    await planPayments(fresh.pool, { name: "a", count: 40 });
    const lanes = worlds.map((world, i) => {
      const balance = 100n * MICROS_PER_UNIT;
      const funds = { balance, allowance: 10n ** 30n, blocked: false };
      world.funds.of.set(addressOf("gigstream"), funds);
      const lane = scriptedLane({ id: `${i}`, operators: [addressOf(`op${i}`)], maxInFlight: 40 });
      aLane(world, lane);
      return lane;
    });
    const sends = () => lanes.reduce((sum, lane) => sum + lane.submitted.length, 0);
    await vi.waitFor(() => expect(sends()).toBe(10), soon);
    // Two more readings of the funds find nothing that is not promised.
    const reads = worlds.map((world) => world.funds.reads);
    await vi.waitFor(
      () =>
        worlds.forEach((world, i) =>
          expect(world.funds.reads).toBeGreaterThan((reads[i] ?? 0) + 1),
        ),
      soon,
    );
    expect(sends()).toBe(10);
  });
});

test("of two instances the second takes the lane over, sends and all, when the first is gone", async () => {
  const fresh = await keep(await freshDatabase());
  const lanes = [scriptedLane(), scriptedLane()];
  lanes.forEach((lane) => {
    lane.answers = [() => ({ kind: "retry", afterMs: 60_000, code: "unanswered", detail: "" })];
  });
  await planPayments(fresh.pool, { name: "a" });
  const instances = lanes.map((lane) => {
    const world = worldOn(fresh.pool);
    const stop = new AbortController();
    const lease = { databaseUrl: fresh.url, log: world.log };
    const done = holdLease(lease, lane.id, (held) => runLane(world, lane, held), stop.signal);
    onTestFinished(async () => {
      stop.abort();
      await done;
    });
    return stop;
  });
  const opened = () => lanes.filter((lane) => lane.opened.length > 0);
  await vi.waitFor(() => expect(opened()[0]?.submitted).toHaveLength(1), soon);
  const [first] = opened();
  expect(opened()).toHaveLength(1);
  const heir = lanes.find((lane) => lane !== first) ?? expect.fail();
  instances[first === lanes[0] ? 0 : 1]?.abort();
  await vi.waitFor(() => expect(heir.submitted).toHaveLength(1), soon);
  expect(heir.submitted[0]?.ticket).toEqual(first?.submitted[0]?.ticket);
});

test("a send that a former holder committed after the lane was taken over is taken up as well", async () => {
  const world = await aWorld();
  const lane = scriptedLane();
  await pause(world, EVERYTHING, "so that only the zombie forms", "operator:ada");
  aLane(world, lane);
  await vi.waitFor(() => expect(lane.turns).toBeGreaterThan(1), soon);
  const [id] = await planPayments(world.database, { name: "late", state: "voiding" });
  const token = addressOf("USDC");
  const queue = {
    intent: "void",
    payer: addressOf("gigstream"),
    token,
    platformId: "gigstream",
  } as const;
  const [operator = ""] = lane.operators;
  const plan = { operator, sizeMax: 1, queues: [queue], funds: new Map(), lastGroup: undefined };
  const { send } = await formSend(world, scriptedLane(), plan);
  await vi.waitFor(() => expect(lane.submitted.flatMap(paymentsIn)).toEqual([id]), soon);
  expect(lane.submitted[0]?.ticket).toEqual(send?.ticket);
});

describe("a payer without funds", () => {
  test("is parked alone, with one line and one row, and goes on by itself when funded", async () => {
    const world = await aWorld();
    const broke = addressOf("broke");
    world.funds.of.set(broke, {
      balance: 25n * MICROS_PER_UNIT,
      allowance: 10n ** 30n,
      blocked: false,
    });
    const parked = await planPayments(world.database, { name: "p", platformId: "broke", count: 3 });
    const big = await planPayments(world.database, {
      name: "big",
      platformId: "broke",
      amount: 30n * MICROS_PER_UNIT,
    });
    const neighbours = await planPayments(world.database, {
      name: "n",
      platformId: "rich",
      count: 5,
    });
    const lane = scriptedLane();
    aLane(world, lane);
    const sent = () => lane.submitted.flatMap(paymentsIn);
    await vi.waitFor(() => expect(sent()).toHaveLength(7), soon);
    expect(sent()).toEqual(expect.arrayContaining(neighbours));
    const holds = () =>
      world.database.any(sql.unsafe`SELECT payer, balance FROM payer_holds`) as Promise<unknown>;
    await vi.waitFor(
      async () => expect(await holds()).toEqual([{ payer: broke, balance: "25.000000" }]),
      soon,
    );
    const lines = () =>
      world.lines.filter((line) => line["msg"] === "payer parked until it is funded");
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatchObject({ level: 40, payer: broke, needed: "30.000000" });

    world.funds.of.set(broke, { balance: 10n ** 12n, allowance: 10n ** 12n, blocked: false });
    await vi.waitFor(() => expect(sent()).toHaveLength(9), soon);
    expect(sent().sort()).toEqual([...parked, ...big, ...neighbours].sort());
    await vi.waitFor(async () => expect(await holds()).toEqual([]), soon);
    expect(lines()).toHaveLength(1);
  });

  test("that the token blocks, or that took back its allowance, is parked too; voids go all the same", async () => {
    const world = await aWorld();
    world.funds.of.set(addressOf("x"), {
      balance: 10n ** 12n,
      allowance: 10n ** 12n,
      blocked: true,
    });
    world.funds.of.set(addressOf("y"), { balance: 10n ** 12n, allowance: 0n, blocked: false });
    await planPayments(world.database, { name: "x", platformId: "x" });
    await planPayments(world.database, { name: "y", platformId: "y" });
    const [voided] = await planPayments(world.database, {
      name: "v",
      platformId: "y",
      state: "voiding",
    });
    const lane = scriptedLane();
    aLane(world, lane);
    await vi.waitFor(() => {
      const parked = world.lines.filter(
        (line) => line["msg"] === "payer parked until it is funded",
      );
      expect(new Set(parked.map((line) => line["payer"]))).toEqual(
        new Set([addressOf("x"), addressOf("y")]),
      );
      expect(lane.submitted.flatMap(paymentsIn)).toEqual([voided]);
    }, soon);
  });
});

test("while funds cannot be read nothing is sent, one line says so, and it goes on by itself", async () => {
  const world = await aWorld();
  const ids = await planPayments(world.database, { name: "a" });
  world.funds.isAway = true;
  const lane = scriptedLane();
  aLane(world, lane);
  await vi.waitFor(() => expect(world.funds.reads).toBeGreaterThan(1), soon);
  expect(lane.submitted).toEqual([]);
  world.funds.isAway = false;
  await vi.waitFor(() => expect(lane.submitted.flatMap(paymentsIn)).toEqual(ids), soon);
  const lines = world.lines.filter((line) => line["msg"] === "payers' funds cannot be read");
  expect(lines).toHaveLength(1);
});

test("hundreds of payers without funds hide nobody: each turn goes on behind those that it looked at", async () => {
  const world = await aWorld({ batchMax: 1 });
  const broke = { balance: 0n, allowance: 0n, blocked: false };
  for (let i = 0; i < 450; i += 1) {
    world.funds.of.set(addressOf(`broke-${i}`), broke);
    await planPayments(world.database, { name: "b", platformId: `broke-${i}` });
  }
  const [first, last] = [`0x${"0".repeat(40)}`, `0x${"f".repeat(40)}`];
  await planPayments(world.database, { name: "f", platformId: "first", payer: first, count: 60 });
  const [hidden] = await planPayments(world.database, {
    name: "l",
    platformId: "last",
    payer: last,
  });
  const lane = scriptedLane({ maxInFlight: 100 });
  aLane(world, lane);
  const sent = () => lane.submitted.flatMap(paymentsIn);
  await vi.waitFor(() => expect(sent()).toContain(hidden), soon);
  expect(sent().indexOf(hidden ?? "")).toBeLessThan(30);
});

describe("what the provider answers", () => {
  test("is stored even while settlement holds the payments", async () => {
    const world = await aWorld();
    const [id = ""] = await planPayments(world.database, { name: "a" });
    const lane = scriptedLane();
    const answer = Promise.withResolvers<SendReport>();
    lane.answers = [() => answer.promise];
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(1), soon);
    await world.database.transaction(async (tx) => {
      await tx.query(sql.type(anyRow)`SELECT FROM payments WHERE id = ${id} FOR UPDATE`);
      answer.resolve({ kind: "accepted", circleId: "known" });
      await vi.waitFor(async () => {
        const stored = await tx.oneFirst(sql.unsafe`SELECT circle_id FROM transactions`);
        expect(stored).toBe("known");
      }, soon);
    });
  });

  test("throttled or unanswered goes again under the same ticket and uses no try", async () => {
    const world = await aWorld();
    const [id] = await planPayments(world.database, { name: "a" });
    const lane = scriptedLane();
    lane.answers = [
      () => ({ kind: "retry", afterMs: 1, code: "unanswered", detail: "" }),
      () => ({ kind: "retry", afterMs: 1, code: "throttled", detail: "", capacity: true }),
    ];
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(3), soon);
    expect(new Set(lane.submitted.map((send) => JSON.stringify(send.ticket))).size).toBe(1);
    expect((await readPayment(world.database, id)).tries).toBe(0);
  });

  test("throttled restarts the review clock, unanswered does not", async () => {
    const world = await aWorld();
    const [id] = await planPayments(world.database, { name: "a" });
    const lane = scriptedLane();
    const reviews: (number | null)[] = [];
    const look = async () =>
      void reviews.push((await readPayment(world.database, id)).review_in_ms);
    lane.answers = [
      async () => {
        await passTime(world.database, 100_000);
        return { kind: "retry", afterMs: 1, code: "unanswered", detail: "" };
      },
      async () => {
        await look();
        return { kind: "retry", afterMs: 1, code: "throttled", detail: "", capacity: true };
      },
      async () => {
        await look();
        return { kind: "accepted" };
      },
    ];
    aLane(world, lane);
    await vi.waitFor(() => expect(reviews).toHaveLength(2), soon);
    expect(reviews[0]).toBeLessThan(30_000);
    expect(reviews[1]).toBeGreaterThan(100_000);
  });

  test("refused goes again as the same send under a new ticket, and the old one is in the audit log", async () => {
    const world = await aWorld();
    await planPayments(world.database, { name: "a" });
    const lane = scriptedLane();
    lane.answers = [() => ({ kind: "refused", code: "circle_156020", detail: "new key please" })];
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(2), soon);
    const [old, fresh] = lane.submitted;
    expect(fresh?.id).toBe(old?.id);
    expect(fresh?.ticket).not.toEqual(old?.ticket);
    const [send] = await readSends(world.database);
    expect(fresh?.ticket).toMatchObject({ idempotencyKey: send?.idempotency_key });
    const audit = await world.database.one(sql.unsafe`
      SELECT action, details->'old'->>'idempotencyKey' AS key FROM audit_log`);
    expect(old?.ticket).toMatchObject({ idempotencyKey: (audit as { key: string }).key });
  });

  test("ended unpaid, a batch is halved down to its one bad payment, and no neighbour uses a try", async () => {
    const world = await aWorld();
    const ids = await planPayments(world.database, { name: "a", count: 9 });
    const bad = ids[4];
    const lane = scriptedLane();
    lane.answers = Array.from(
      { length: 60 },
      () => (send) =>
        paymentsIn(send).includes(bad ?? "")
          ? { kind: "dead", code: "FAILED", detail: "ESTIMATION_ERROR" }
          : { kind: "accepted" },
    );
    aLane(world, lane);
    await vi.waitFor(async () => {
      const payments = await readPayments(world.database, ids);
      expect(payments.map((payment) => payment.tries)).toEqual(
        ids.map((id) => (id === bad ? 1 : 0)),
      );
      expect(payments.filter((payment) => payment.transaction_id !== null)).toHaveLength(8);
    }, soon);
    const payment = await readPayment(world.database, bad);
    expect(payment).toMatchObject({ state: "planned", batch_cap: 1 });
    expect(payment.next_in_ms).toBeGreaterThan(0);
    const sends = await readSends(world.database);
    const dead = sends.filter((send) => send.state === "dead");
    const sizes = dead.map((send) => send.item_count);
    expect([sizes[0], sizes.at(-1)]).toEqual([9, 1]);
    sizes
      .slice(1)
      .forEach((size, i) => expect(size).toBeLessThanOrEqual(Math.ceil((sizes[i] ?? 0) / 2)));
    // A batch that failed may have wanted gas.
    expect(
      sends.every(
        (send) => send.gas_limit === BigInt(send.item_count * (send.item_count === 9 ? 1 : 2)),
      ),
    ).toBe(true);
  });

  test("found by tending is stored, and newer bytes are stored before they leave", async () => {
    const world = await aWorld();
    await planPayments(world.database, { name: "a" });
    const lane = scriptedLane();
    lane.tend = async (openSends, store) => {
      const [send] = openSends;
      // Tending finds a send by the id that its submission was answered with.
      if (send?.ticket.rail !== "circle" || send.ticket.circleId === null) return [];
      await store(send.id, {
        ...send.ticket,
        idempotencyKey: "11111111-1111-4111-8111-111111111111",
      });
      return [
        { sendId: send.id, report: { kind: "accepted", circleState: "SENT", txHash: "0xabc" } },
      ];
    };
    aLane(world, lane);
    const row = () =>
      world.database.one(
        sql.unsafe`SELECT idempotency_key, circle_state, hashes FROM transactions`,
      );
    await vi.waitFor(
      async () =>
        expect(await row()).toEqual({
          idempotency_key: "11111111-1111-4111-8111-111111111111",
          circle_state: "SENT",
          hashes: ["0xabc"],
        }),
      soon,
    );
  });
});

test("news of a send has it tended at once, and is asked about no more than it rings", async () => {
  const world = await aWorld();
  await planPayments(world.database, { name: "a" });
  const lane = scriptedLane();
  const bell = createWake();
  // A bell without a time-out: the second's look does not come to its aid.
  const news: Wake = { ...bell, heard: (_timeoutMs, signal) => bell.heard(2 ** 31 - 1, signal) };
  aLane({ ...world, news }, lane);
  await vi.waitFor(() => expect(lane.submitted).toHaveLength(1), soon);
  expect(lane.tended).toEqual([]);
  bell.ring();
  await vi.waitFor(() => expect(lane.tended).toHaveLength(1), soon);
  bell.ring();
  await vi.waitFor(() => expect(lane.tended).toHaveLength(2), soon);
});

describe("what is not sent", () => {
  test("a payment whose Paid, or whose generation's Voided, is stored already", async () => {
    const world = await aWorld();
    const [paid, voided, older, plain] = await planPayments(world.database, {
      name: "a",
      count: 4,
    });
    const evidence = async (id: string | undefined, kind: string, generation: number) =>
      world.database.query(sql.type(anyRow)`
        INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, payment_id, generation)
        VALUES (5042002, ${addressOf("PayOnce")}, 1, '0x', ${`0x${id}`}, 0, ${kind}, '0x', ${id ?? null}, ${generation})`);
    await evidence(paid, "paid", 7);
    await evidence(voided, "voided", 1);
    await evidence(older, "voided", 0);
    const lane = scriptedLane();
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(1), soon);
    expect(new Set(lane.submitted.flatMap(paymentsIn))).toEqual(new Set([older, plain]));
  });

  test("anything while everything is paused, and one platform's while it is", async () => {
    const world = await aWorld();
    await pause(world, "*", "maintenance", "operator:ada");
    await pause(world, "shut", "asked", "operator:ada");
    expect(await pause(world, "shut", "again", "operator:bob")).toBe(false);
    const shut = await planPayments(world.database, { name: "s", platformId: "shut" });
    const open = await planPayments(world.database, { name: "o", platformId: "open" });
    const lane = scriptedLane();
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.turns).toBeGreaterThan(2), soon);
    expect(lane.submitted).toEqual([]);
    expect(await resume(world, "*", "done", "operator:ada")).toBe(true);
    await vi.waitFor(() => expect(lane.submitted.flatMap(paymentsIn)).toEqual(open), soon);
    expect(await resume(world, "shut", "done", "operator:ada")).toBe(true);
    await vi.waitFor(
      () => expect(lane.submitted.flatMap(paymentsIn)).toEqual([...open, ...shut]),
      soon,
    );
    expect(await resume(world, "shut", "done", "operator:ada")).toBe(false);
    const actions = await world.database.anyFirst(
      sql.unsafe`SELECT action FROM audit_log ORDER BY id`,
    );
    expect(actions).toEqual([
      "dispatch.paused",
      "dispatch.paused",
      "dispatch.resumed",
      "dispatch.resumed",
    ]);
  });

  test("a payment before its time; it goes when it has come, without a bell", async () => {
    const world = await aWorld();
    const [id] = await planPayments(world.database, { name: "a" });
    await world.database.query(sql.type(anyRow)`
      UPDATE payments SET next_attempt_at = payment_now() + interval '700 milliseconds'`);
    const lane = scriptedLane();
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(1), soon);
    const early = await world.database.oneFirst(sql.unsafe`
      SELECT sent_at < planned_at + interval '700 milliseconds' FROM payments WHERE id = ${id ?? ""}`);
    expect(early).toBe(false);
  });

  test("a payment of another rail", async () => {
    const world = await aWorld();
    await planPayments(world.database, { name: "arc" });
    await world.database.query(sql.type(anyRow)`UPDATE payments SET rail = 'arc'`);
    const [circle] = await planPayments(world.database, { name: "circle" });
    const lane = scriptedLane();
    aLane(world, lane);
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(1), soon);
    expect(lane.submitted.flatMap(paymentsIn)).toEqual([circle]);
  });
});
