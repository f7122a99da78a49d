import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Lane, SendReport, StoredSend } from "../../src/dispatch/rail.ts";
import { SIGNAL, submit } from "../rails/paying-world.ts";
import { eventually } from "../sandbox/circle/circle-world.ts";
import { startCircleLaneWorld, type CircleLaneWorld } from "./circle-lane-world.ts";

let world: CircleLaneWorld;
beforeAll(async () => {
  world = await startCircleLaneWorld();
});
afterEach(() => world.control.reset());
afterAll(() => world.stop());

const LIST = "GET /v1/w3s/transactions";
const ONE = "GET /v1/w3s/transactions/:id";
const ACCELERATE = "POST /v1/w3s/developer/transactions/:id/accelerate";

/** A send that Circle has taken. */
async function taken(lane: Lane) {
  const item = world.payment();
  return { item, send: await submit(lane, await world.commitPay(lane, item)) };
}

/** What tending says of the only open send. */
async function wordOn(lane: Lane, send: StoredSend): Promise<SendReport | undefined> {
  const learnt = await lane.tend([send], async () => undefined, SIGNAL);
  for (const { sendId } of learnt) expect(sendId).toBe(send.id);
  expect(learnt.length).toBeLessThanOrEqual(1);
  return learnt[0]?.report;
}

/** Tends until Circle shows this state of a send that lives. */
function shown(lane: Lane, send: StoredSend, circleState: string) {
  return eventually(async () => {
    const report = await wordOn(lane, send);
    if (report?.kind !== "accepted") throw new Error(`the send is ${report?.kind}`);
    return report.circleState === circleState && report;
  });
}

function ended(lane: Lane, send: StoredSend, kind: "dead" | "refused") {
  return eventually(async () => {
    const report = await wordOn(lane, send);
    return report?.kind === kind && report;
  });
}

const dead = (lane: Lane, send: StoredSend) => ended(lane, send, "dead");

async function requestsTo(endpoint: string): Promise<number> {
  return (await world.control.stats()).endpoints[endpoint]?.requests ?? 0;
}

test("a send's state and hash are learnt from one list for all, until the chain has it", async () => {
  const lane = world.newLane();
  const all = await Promise.all([taken(lane), taken(lane), taken(lane)]);
  for (const { item, send } of all) {
    const { txHash } = await world.until(item, "Paid");
    expect(await shown(lane, send, "COMPLETE")).toMatchObject({ txHash });
  }
  await world.control.reset();
  const sends = all.map(({ send }) => send);
  expect(await lane.tend(sends, async () => undefined, SIGNAL)).toHaveLength(3);
  expect([await requestsTo(LIST), await requestsTo(ONE)]).toEqual([1, 0]);
});

test("a send that Circle never answered is left to its POST: nothing is asked, nothing is said", async () => {
  const lane = world.newLane();
  const send = await world.commitPay(lane, world.payment());
  expect(await wordOn(lane, send)).toBeUndefined();
  expect(await requestsTo(LIST)).toBe(0);
});

describe("an unpaid end", () => {
  test.each(["FAILED", "DENIED", "CANCELLED"])("%s is dead, and says why", async (state) => {
    const lane = world.newLane();
    const reason = { errorReason: "ESTIMATION_ERROR", errorDetails: "reverted" };
    await world.onPost({ kind: "forceState", state, executed: false, ...reason });
    const { item, send } = await taken(lane);
    expect(await dead(lane, send)).toEqual({
      kind: "dead",
      code: `circle_${state.toLowerCase()}`,
      detail: "ESTIMATION_ERROR: reverted",
    });
    expect(await world.eventsOf(item)).toEqual([]);
  });

  test("that is a lie costs nothing: the send that follows is skipped", async () => {
    const lane = world.newLane();
    await world.onPost({ kind: "forceState", state: "FAILED", executed: true });
    const { item, send } = await taken(lane);
    await dead(lane, send);
    await submit(lane, await world.commitPay(lane, item));
    await world.until(item, "Paid", "Skipped");
    expect(await world.received(item)).toBe(item.amount);
  });

  test("of an operator wallet without gas is refused, which costs its payments no try", async () => {
    const lane = world.newLane();
    const restore = await world.withoutGas();
    const { send } = await taken(lane);
    expect(await ended(lane, send, "refused")).toMatchObject({
      code: "operator_out_of_gas",
      detail: expect.stringContaining("INSUFFICIENT_NATIVE_TOKEN"),
    });
    await restore();
  });
});

describe("what is not an end", () => {
  test("a state that Arc never shows, or that nobody knows, is still in flight, and the chain alone says paid", async () => {
    const lane = world.newLane();
    const lying: StoredSend[] = [];
    const states = ["WAITING", "PENDING_RISK_SCREENING", "CONFIRMED"];
    for (const state of states) {
      await world.onPost({ kind: "forceState", state, executed: true, forMs: 1_500 });
      const { item, send } = await taken(lane);
      await shown(lane, send, state);
      await world.until(item, "Paid");
      lying.push(send);
    }
    for (const send of lying) await shown(lane, send, "COMPLETE");
  });

  test("a transaction that lists do not show yet is asked for by its id", async () => {
    const lane = world.newLane();
    const { item, send } = await taken(lane);
    await world.until(item, "Paid");
    await world.control.inject({ kind: "staleGet", hideYoungerThanMs: 60_000, statesBehind: 1 });
    expect(await wordOn(lane, send)).toMatchObject({ kind: "accepted" });
    expect(await requestsTo(ONE)).toBe(1);
  });

  test("a transaction that Circle does not know is not called dead", async () => {
    const lane = world.newLane();
    const { send } = await taken(lane);
    const circleId = "00000000-0000-4000-8000-000000000000";
    const unknown = { ...send, ticket: { ...send.ticket, circleId } };
    expect(await wordOn(lane, unknown as StoredSend)).toBeUndefined();
  });

  test("a send that hundreds of newer ones have buried is still looked after", async () => {
    const lane = world.newLane();
    const buried = await taken(lane);
    await world.until(buried.item, "Paid");
    await shown(lane, buried.send, "COMPLETE");
    await world.control.configure({ queue: { perWallet: 1_000 } });
    await world.onPost({ kind: "forceState", state: "DENIED", executed: false, count: null });
    const newer = await world.commitPay(lane, world.payment());
    await world.control.inject({ kind: "forgetKey", count: null });
    await Promise.all(Array.from({ length: 210 }, () => submit(lane, newer)));
    await world.control.clearFaults();
    expect(await world.madeFor(newer)).toHaveLength(210);
    expect(await wordOn(lane, buried.send)).toMatchObject({ circleState: "COMPLETE" });
    expect(await requestsTo(ONE)).toBe(1);
  });
});

describe("a stuck queue", () => {
  test("is accelerated at its head, and everything behind it lands", async () => {
    const lane = world.newLane();
    await world.onPost({ kind: "forceState", state: "STUCK", executed: false });
    const head = await taken(lane);
    await eventually(async () => (await world.madeFor(head.send))[0]?.state === "STUCK");
    const behind = await taken(lane);
    await eventually(async () => (await world.madeFor(behind.send))[0]?.state === "SENT");
    expect(await world.eventsOf(behind.item)).toEqual([]);
    const stuck = { kind: "accepted", circleState: "STUCK" };
    expect(await wordOn(lane, head.send)).toMatchObject(stuck);
    await world.until(head.item, "Paid");
    await world.until(behind.item, "Paid");
    const { executions } = await world.control.stats();
    expect(executions.map(({ kind }) => kind)).toContain("accelerated");
  });

  test("that stays stuck is not made dearer at each look", async () => {
    const lane = world.newLane();
    await world.onPost({ kind: "forceState", state: "STUCK", executed: false });
    const { item, send } = await taken(lane);
    await eventually(async () => (await world.madeFor(send))[0]?.state === "STUCK");
    await world.control.inject({
      kind: "refuse",
      code: 155229,
      match: { method: "POST", path: "/accelerate" },
    });
    for (let look = 0; look < 3; look += 1) {
      expect(await wordOn(lane, send)).toMatchObject({ circleState: "STUCK" });
    }
    // None where the wallet's head was another send, just then ending.
    expect(await requestsTo(ACCELERATE)).toBeLessThanOrEqual(1);
    await world.control.clearFaults();
    await eventually(async () => {
      await wordOn(world.newLane(), send);
      return (await world.eventsOf(item)).length > 0;
    });
  });
});

test("a Circle that is away says nothing of any send: it is a retry, and no more", async () => {
  const { send } = await taken(world.newLane());
  const away = world.newLane({ baseUrl: "http://127.0.0.1:1" });
  const unavailable = { code: "CIRCLE_UNAVAILABLE", disposition: "retry" };
  await expect(wordOn(away, send)).rejects.toMatchObject(unavailable);
  await world.control.inject({
    kind: "answer",
    executed: false,
    status: 429,
    body: "none",
    match: { method: "GET" },
  });
  const throttled = { code: "CIRCLE_THROTTLED", disposition: "retry" };
  await expect(wordOn(world.newLane(), send)).rejects.toMatchObject(throttled);
});
