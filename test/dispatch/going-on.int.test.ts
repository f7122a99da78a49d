import { sql } from "slonik";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { anyRow } from "../../src/database/pool.ts";
import { pickDue } from "../../src/dispatch/pick-due.ts";
import { raiseDoubt } from "../../src/dispatch/raise-doubt.ts";
import { releaseSend } from "../../src/dispatch/release-send.ts";
import { requestVoid } from "../../src/dispatch/request-void.ts";
import { claimPayments } from "../../src/dispatch/write-send.ts";
import { freshDatabase } from "../support/database.ts";
import { addressOf } from "../support/seed.ts";
import {
  passTime,
  planPayments,
  readPayment,
  readPayments,
  readSends,
  startLane,
  worldOn,
  type SeedPayment,
  type World,
} from "./dispatch-world.ts";
import { paymentsIn, scriptedLane, type ScriptedLane } from "./scripted-lane.ts";

const soon = { timeout: 10_000, interval: 10 };

async function aWorld(settings: Parameters<typeof worldOn>[1] = {}): Promise<World> {
  const fresh = await freshDatabase();
  onTestFinished(() => fresh[Symbol.asyncDispose]());
  return worldOn(fresh.pool, settings);
}

/** Plans payments and has a lane send them; the lane is stopped again, so that the test alone acts. */
async function sent(
  world: World,
  seed: SeedPayment,
): Promise<{ ids: string[]; sendId: string; lane: ScriptedLane }> {
  const ids = await planPayments(world.database, seed);
  const lane = await sendDue(world);
  const send = lane.submitted.at(-1) ?? expect.fail();
  return { ids, sendId: send.id, lane };
}

async function sendDue(world: World, sends = 1): Promise<ScriptedLane> {
  const lane = scriptedLane();
  const running = startLane(world, lane);
  await vi.waitFor(async () => {
    expect(lane.submitted.length).toBeGreaterThanOrEqual(sends);
    expect((await readSends(world.database)).every((send) => send.submitted_at !== null)).toBe(
      true,
    );
  }, soon);
  await running.stop();
  return lane;
}

const reverted = { outcome: "reverted", code: "reverted", detail: "" } as const;

describe("a send that moved nothing", () => {
  test("uses a try of the payment that travelled alone: 2, 4, 6 seconds, then it is voided", async () => {
    const world = await aWorld();
    const { ids, sendId } = await sent(world, { name: "a" });
    let transactionId = sendId;
    for (const [i, delayMs] of [2_000, 4_000, 6_000].entries()) {
      expect(await releaseSend(world, { transactionId, ...reverted })).toBe(true);
      const payment = await readPayment(world.database, ids[0]);
      expect(payment).toMatchObject({
        state: "planned",
        intent: "pay",
        tries: i + 1,
        transaction_id: null,
      });
      expect(payment.next_in_ms).toBeLessThanOrEqual(delayMs);
      expect(payment.next_in_ms).toBeGreaterThan(delayMs - 1_500);
      await passTime(world.database, delayMs);
      transactionId = (await sendDue(world)).submitted[0]?.id ?? expect.fail();
    }
    await releaseSend(world, { transactionId, ...reverted });
    expect(await readPayment(world.database, ids[0])).toMatchObject({
      state: "voiding",
      intent: "void",
      tries: 4,
      failure_code: "transfer_reverted",
      review_in_ms: null,
    });
    const lane = await sendDue(world);
    expect(lane.submitted[0]?.kind).toBe("void");
    const states = (await readSends(world.database)).map((send) => send.state);
    expect(states).toEqual(["reverted", "reverted", "reverted", "reverted", "open"]);
  });

  test.each([
    ["reverted", "reverted", "transfer_reverted", true],
    ["dead", "DENIED", "transfer_denied", false],
    ["dead", "FAILED", "attempts_exhausted", true],
  ] as const)("%s as %s fails, in the end, with %s", async (outcome, code, expected, retryable) => {
    const world = await aWorld({ retryDelaysMs: [] });
    const { ids, sendId } = await sent(world, { name: "a" });
    await releaseSend(world, {
      transactionId: sendId,
      outcome,
      code,
      detail: "the provider's words",
    });
    const row = await world.database.one(
      sql.type(
        z.object({
          failure_code: z.string(),
          failure_message: z.string(),
          failure_retryable: z.boolean(),
        }),
      )`SELECT failure_code, failure_message, failure_retryable FROM payments WHERE id = ${ids[0] ?? ""}`,
    );
    expect(row).toMatchObject({ failure_code: expected, failure_retryable: retryable });
    expect(row.failure_message).toMatch(
      outcome === "reverted" ? /after 1 try/ : /the provider's words/,
    );
  });

  test.each([1, 3])(
    "because its nonce went to another transaction was never tried: %i payments go on as they were",
    async (count) => {
      const world = await aWorld({ retryDelaysMs: [] });
      const { ids, sendId } = await sent(world, { name: "a", count });
      const taken = { outcome: "dead", code: "nonce_taken", detail: "" } as const;
      await releaseSend(world, { transactionId: sendId, ...taken });
      for (const payment of await readPayments(world.database, ids)) {
        expect(payment).toMatchObject({ state: "planned", tries: 0, batch_cap: null });
        expect(payment.next_in_ms).toBeLessThanOrEqual(1_000);
      }
    },
  );

  test("sends a void again without counting tries", async () => {
    const world = await aWorld();
    const { ids, sendId } = await sent(world, { name: "a", state: "voiding" });
    await releaseSend(world, { transactionId: sendId, ...reverted });
    const payment = await readPayment(world.database, ids[0]);
    expect(payment).toMatchObject({ state: "voiding", tries: 0, transaction_id: null });
    expect(payment.next_in_ms).toBeGreaterThan(4_000);
  });

  test("is released by one caller only, and not once its evidence was followed", async () => {
    const world = await aWorld();
    const { ids, sendId } = await sent(world, { name: "a" });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => releaseSend(world, { transactionId: sendId, ...reverted })),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect((await readPayment(world.database, ids[0])).tries).toBe(1);
  });

  test("leaves alone the payments that travel in another send by now", async () => {
    const world = await aWorld();
    const { ids, sendId } = await sent(world, { name: "a", count: 2 });
    await passTime(world.database, 130_000);
    await raiseDoubt(world);
    await passTime(world.database, 3_000);
    const lane = await sendDue(world);
    expect(await releaseSend(world, { transactionId: sendId, ...reverted })).toBe(false);
    const payments = await readPayments(world.database, ids);
    expect(payments.map((each) => each.transaction_id)).toEqual(
      ids.map(() => lane.submitted[0]?.id),
    );
  });
});

describe("doubt", () => {
  test("is raised when the evidence is overdue; what was asked for is sent again, later and later", async () => {
    const world = await aWorld({ reviewAfterMs: 10_000 });
    const { ids } = await sent(world, { name: "a", count: 2 });
    const [void_] = await planPayments(world.database, { name: "v", state: "voiding" });
    await sendDue(world);
    expect(await raiseDoubt(world)).toEqual({ raised: 0, again: 0 });
    await passTime(world.database, 11_000);
    const both = await Promise.all([raiseDoubt(world), raiseDoubt(world)]);
    expect(both.reduce((sum, each) => sum + each.raised, 0)).toBe(3);
    // Each may have seen the other's payment still in the send; the next look, a second later, gives it up.
    await raiseDoubt(world);
    const [pay] = await readPayments(world.database, ids);
    expect(pay).toMatchObject({ state: "review", intent: "pay", transaction_id: null });
    expect(pay?.doubt_reason).toMatch(/^pay_unconfirmed: /);
    expect(await readPayment(world.database, void_)).toMatchObject({
      state: "review",
      intent: "void",
    });
    expect((await readSends(world.database)).map((send) => send.state)).toEqual([
      "abandoned",
      "abandoned",
    ]);
    expect(await audited(world, "payment.review")).toBe(3);

    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      waits.push((await readPayment(world.database, ids[0])).next_in_ms ?? expect.fail());
      await passTime(world.database, 60_000);
      const lane = await sendDue(world, 2);
      expect(new Set(lane.submitted.map((send) => send.kind))).toEqual(new Set(["pay", "void"]));
      await passTime(world.database, 11_000);
      expect(await raiseDoubt(world)).toEqual({ raised: 0, again: 3 });
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
    expect(await audited(world, "payment.review")).toBe(3);
  });

  test("does not touch payments that wait: time spent parked or paused is added to their deadline", async () => {
    const world = await aWorld({ reviewAfterMs: 10_000 });
    const { ids, sendId } = await sent(world, { name: "a" });
    await passTime(world.database, 4_000);
    await releaseSend(world, { transactionId: sendId, ...reverted });
    // An hour without funds, or paused.
    await passTime(world.database, 3_600_000);
    expect(await raiseDoubt(world)).toEqual({ raised: 0, again: 0 });
    await sendDue(world);
    expect(await raiseDoubt(world)).toEqual({ raised: 0, again: 0 });
    const { review_in_ms: left } = await readPayment(world.database, ids[0]);
    // 10 s, less the 4 in flight and the 2 of its try's wait.
    expect(left).toBeLessThanOrEqual(4_000);
    expect(left).toBeGreaterThan(0);
  });

  test("raised elsewhere makes the lane forget the send and open anew", async () => {
    const world = await aWorld();
    await planPayments(world.database, { name: "a" });
    const lane = scriptedLane();
    const running = startLane(world, lane);
    onTestFinished(() => running.stop().catch(() => undefined));
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(1), soon);
    await passTime(world.database, 130_000);
    await raiseDoubt(world);
    world.wake.ring();
    await vi.waitFor(() => expect(lane.opened).toHaveLength(2), soon);
    expect(lane.opened[1]).toEqual([]);
    await passTime(world.database, 3_000);
    world.wake.ring();
    await vi.waitFor(() => expect(lane.submitted).toHaveLength(2), soon);
  });

  test("gives up a send that all its payments have left", async () => {
    const world = await aWorld();
    const { ids, sendId } = await sent(world, { name: "a" });
    await requestVoid(world, {
      paymentId: ids[0] ?? "",
      expectedGeneration: 1,
      reason: "x",
      actor: "operator:ada",
    });
    await raiseDoubt(world);
    expect((await readSends(world.database))[0]).toMatchObject({ id: sendId, state: "open" });
    await passTime(world.database, 130_000);
    await raiseDoubt(world);
    expect((await readSends(world.database))[0]).toMatchObject({ id: sendId, state: "abandoned" });
  });
});

async function audited(world: World, action: string): Promise<number> {
  const count = await world.database.oneFirst(sql.type(z.object({ count: z.bigint() }))`
    SELECT count(*) FROM audit_log WHERE action = ${action}`);
  return Number(count);
}

describe("an operator's cancel", () => {
  const cancel = { expectedGeneration: 1, reason: "wrong task", actor: "operator:ada" };

  test("voids a planned payment, even one never sent, and one that travels", async () => {
    const world = await aWorld();
    const { ids } = await sent(world, { name: "travels" });
    const unsent = await planPayments(world.database, { name: "unsent" });
    for (const paymentId of [...ids, ...unsent]) {
      expect(await requestVoid(world, { ...cancel, paymentId })).toEqual({
        kind: "voiding",
        isNew: true,
      });
      expect(await requestVoid(world, { ...cancel, paymentId })).toEqual({
        kind: "voiding",
        isNew: false,
      });
      expect(await readPayment(world.database, paymentId)).toMatchObject({
        state: "voiding",
        intent: "void",
        failure_code: "cancelled_by_operator",
      });
    }
    const lane = await sendDue(world);
    expect(lane.submitted.map((send) => send.kind)).toEqual(["void"]);
    expect(lane.submitted.flatMap(paymentsIn).sort()).toEqual([...ids, ...unsent].sort());
    expect(await audited(world, "payment.void_requested")).toBe(2);
  });

  test("in review asks for a void and leaves the doubt", async () => {
    const world = await aWorld();
    const [id] = await planPayments(world.database, { name: "a", state: "review" });
    await requestVoid(world, { ...cancel, paymentId: id ?? "" });
    expect(await readPayment(world.database, id)).toMatchObject({
      state: "review",
      intent: "void",
    });
  });

  test("of a payment in review that is about to be sent again keeps it from being paid once more", async () => {
    const { database, ...world } = await aWorld();
    const [id = ""] = await planPayments(database, { name: "a", state: "review" });
    const payer = addressOf("gigstream");
    const queue = {
      intent: "pay",
      payer,
      token: addressOf("USDC"),
      platformId: "gigstream",
    } as const;
    const [chosen = []] = await pickDue(database, "circle", [queue], 10);
    expect(chosen).toHaveLength(1);
    await requestVoid({ ...world, database }, { ...cancel, paymentId: id });
    expect(await database.transaction((tx) => claimPayments(tx, chosen))).toEqual([]);
  });

  test("is refused for another generation, a settled payment and an unknown one", async () => {
    const world = await aWorld();
    const [id = ""] = await planPayments(world.database, { name: "a" });
    expect(await requestVoid(world, { ...cancel, paymentId: id, expectedGeneration: 2 })).toEqual({
      kind: "generation_mismatch",
      generation: 1,
    });
    await world.database.query(sql.type(anyRow)`
      UPDATE payments SET state = 'completed', intent = NULL, settled_at = payment_now(), tx_hash = '0x',
        block_number = 1, log_index = 0`);
    expect(await requestVoid(world, { ...cancel, paymentId: id })).toEqual({
      kind: "refused_by_state",
      state: "completed",
    });
    const unknown = "00000000-0000-4000-8000-000000000000";
    expect(await requestVoid(world, { ...cancel, paymentId: unknown })).toEqual({
      kind: "not_found",
    });
  });
});
