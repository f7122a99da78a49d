import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createFaults } from "../../../sandbox/circle/control/faults.ts";
import { createRandom } from "../../../sandbox/circle/random.ts";
import {
  eventually,
  inside,
  onTransfer,
  receiptOf,
  refusal,
  shown,
  startCircleWorld,
  transfer,
  transferOf,
  usdcOf,
  type CircleWorld,
} from "./circle-world.ts";

let world: CircleWorld;
beforeAll(async () => {
  world = await startCircleWorld();
});
afterEach(() => world.control.reset());
afterAll(() => world[Symbol.asyncDispose]());

const PAID = 1_000_000n;

/** The transaction made under this refId, where there is one. */
async function madeFor(refId: string) {
  return (await world.control.transactions()).find((transaction) => transaction.refId === refId);
}

/** A call's outcome, or "silence" if it has none by the time the emulator did its part. */
function unlessSilent(call: Promise<unknown>, until: Promise<unknown>) {
  return Promise.race([call.catch((error: unknown) => error), until.then(() => "silence")]);
}

describe("a lost answer", () => {
  it("after execution: the connection is reset, the money moves, the key finds the transaction", async () => {
    await onTransfer(world, { kind: "loseAnswer", executed: true });
    const order = transferOf(world);
    expect(await refusal(world.sdk.createTransaction(order))).toMatchObject({ code: "ECONNRESET" });
    const { data } = await world.sdk.createTransaction(order);
    await shown(world, data?.id ?? "", "COMPLETE");
    expect(await usdcOf(world, order.destinationAddress)).toBe(PAID);
    expect((await world.control.stats()).executions).toHaveLength(1);
  });

  it("before execution: the connection is reset and nothing was made", async () => {
    await onTransfer(world, { kind: "loseAnswer", executed: false });
    const order = transferOf(world, { refId: randomUUID() });
    expect(await refusal(world.sdk.createTransaction(order))).toMatchObject({ code: "ECONNRESET" });
    expect(await madeFor(order.refId)).toBeUndefined();
    expect(await world.control.faults()).toEqual([]);
  });

  it("is counted, also once it is spent or cleared; an unknown fault is refused", async () => {
    const lost = { kind: "loseAnswer", executed: false } as const;
    const [spent, cleared] = [await onTransfer(world, lost), await onTransfer(world, lost)];
    await refusal(world.sdk.createTransaction(transferOf(world)));
    await world.control.clearFaults(cleared);
    expect(await world.control.struck(spent)).toBe(1);
    expect(await world.control.struck(cleared)).toBe(0);
    await expect(world.control.struck(randomUUID())).rejects.toThrow(/no fault/);
  });

  it("strikes as often as counted, skipping as told", async () => {
    await onTransfer(world, { kind: "loseAnswer", executed: true, count: 2, skip: 1 });
    const outcome = () =>
      world.sdk.createTransaction(transferOf(world)).then(
        () => "answered",
        () => "lost",
      );
    const outcomes = [await outcome(), await outcome(), await outcome(), await outcome()];
    expect(outcomes).toEqual(["answered", "lost", "lost", "answered"]);
    expect((await world.control.stats()).endpoints).toMatchObject({
      "POST /v1/w3s/developer/transactions/transfer": { statuses: { 201: 2, none: 2 } },
    });
  });
});

describe("a hanging request", () => {
  it("after execution never answers, though the money moves", async () => {
    await onTransfer(world, { kind: "hang", executed: true });
    const order = transferOf(world, { refId: randomUUID() });
    const paid = eventually(async () => (await madeFor(order.refId))?.state === "COMPLETE");
    expect(await unlessSilent(world.sdk.createTransaction(order), paid)).toBe("silence");
    expect(await usdcOf(world, order.destinationAddress)).toBe(PAID);
  });

  it("before execution never answers and does nothing", async () => {
    await onTransfer(world, { kind: "hang", executed: false });
    const order = transferOf(world, { refId: randomUUID() });
    const struck = eventually(async () => (await world.control.faults()).length === 0);
    const later = struck.then(() => shownLater());
    expect(await unlessSilent(world.sdk.createTransaction(order), later)).toBe("silence");
    expect(await madeFor(order.refId)).toBeUndefined();
  });

  /** Another payment, sent after it and through to its end. */
  async function shownLater() {
    return shown(world, await transfer(world), "COMPLETE");
  }
});

describe("another answer than the proper one", () => {
  it.each([
    [429, "none", undefined],
    [429, "json", 3],
    [500, "json", undefined],
    [502, "html", undefined],
    [503, "html", 5],
  ] as const)("%i with body %s, before execution", async (status, body, retryAfterSeconds) => {
    const fault = { kind: "answer", executed: false, status, body } as const;
    await onTransfer(world, retryAfterSeconds ? { ...fault, retryAfterSeconds } : fault);
    const order = transferOf(world, { refId: randomUUID() });
    const error = await refusal(world.sdk.createTransaction(order));
    expect(error).toMatchObject({ status, code: body === "json" ? -1 : status });
    expect(await madeFor(order.refId)).toBeUndefined();
  });

  it("5xx after execution: the money moves all the same", async () => {
    await onTransfer(world, { kind: "answer", executed: true, status: 504, body: "html" });
    const order = transferOf(world);
    expect(await refusal(world.sdk.createTransaction(order))).toMatchObject({ status: 504 });
    const { data } = await world.sdk.createTransaction(order);
    await shown(world, data?.id ?? "", "COMPLETE");
    expect(await usdcOf(world, order.destinationAddress)).toBe(PAID);
  });

  it.each([155264, 156004, 156020, 155229])("Circle's code %i, nothing done", async (code) => {
    await onTransfer(world, { kind: "refuse", code });
    const order = transferOf(world, { refId: randomUUID() });
    expect(await refusal(world.sdk.createTransaction(order))).toMatchObject({ code });
    expect(await madeFor(order.refId)).toBeUndefined();
    expect((await world.sdk.createTransaction(order)).status).toBe(201);
  });
});

describe("lateness", () => {
  it("a request on the wire takes effect long after its client gave up", async () => {
    await onTransfer(world, { kind: "arriveLate", delayMs: 1_000 });
    const order = transferOf(world, { refId: randomUUID() });
    const given = world.sdk.createTransaction(order).catch(() => undefined);
    expect(await madeFor(order.refId)).toBeUndefined();
    await eventually(async () => (await madeFor(order.refId))?.state === "COMPLETE");
    await given;
    expect(await usdcOf(world, order.destinationAddress)).toBe(PAID);
  });

  it("an answer comes after the transaction is through", async () => {
    await onTransfer(world, { kind: "answerLate", delayMs: 1_500 });
    const order = transferOf(world, { refId: randomUUID() });
    const answer = world.sdk.createTransaction(order);
    await eventually(async () => (await madeFor(order.refId))?.state === "COMPLETE");
    expect((await answer).data?.state).toBe("INITIATED");
  });

  it("an accepted transaction is sent late", async () => {
    await onTransfer(world, { kind: "executeLate", delayMs: 2_500 });
    const late = await transfer(world);
    const next = await transfer(world);
    await shown(world, next, "COMPLETE");
    expect((await inside(world, late)).sent).toEqual([]);
    await shown(world, late, "COMPLETE");
  });

  it("a read shows an earlier state, and lists hide what is young", async () => {
    const id = await transfer(world);
    await shown(world, id, "COMPLETE");
    await world.control.inject({ kind: "staleGet", statesBehind: 1 });
    const stale = await world.sdk.getTransaction({ id });
    expect(stale.data?.transaction).toMatchObject({ state: "SENT" });
    const fresh = await world.sdk.getTransaction({ id });
    expect(fresh.data?.transaction?.state).toBe("COMPLETE");

    await world.control.inject({ kind: "staleGet", hideYoungerThanMs: 600_000 });
    expect((await world.sdk.listTransactions()).data?.transactions).toEqual([]);
    const [newest] = (await world.sdk.listTransactions()).data?.transactions ?? [];
    expect(newest?.id).toBe(id);
  });
});

describe("executing wrongly", () => {
  it("twice: one Circle transaction, two nonces, twice the money", async () => {
    await onTransfer(world, { kind: "executeTwice" });
    const order = transferOf(world);
    const id = (await world.sdk.createTransaction(order)).data?.id ?? "";
    await shown(world, id, "COMPLETE");
    const { sent } = await inside(world, id);
    expect(sent.map(({ kind }) => kind)).toEqual(["original", "duplicate"]);
    expect(sent[1]?.nonce).toBe((sent[0]?.nonce ?? 0) + 1);
    await eventually(async () => (await usdcOf(world, order.destinationAddress)) === 2n * PAID);
  });
});

describe("a provider that lies", () => {
  it.each(["FAILED", "DENIED", "WAITING"])("says %s, and paid", async (state) => {
    const details = { errorReason: "INSUFFICIENT_TOKEN", errorDetails: "so it says" };
    await onTransfer(world, { kind: "forceState", state, executed: true, ...details });
    const order = transferOf(world);
    const id = (await world.sdk.createTransaction(order)).data?.id ?? "";
    await eventually(async () => (await usdcOf(world, order.destinationAddress)) === PAID);
    const { data } = await world.sdk.getTransaction({ id });
    expect(data?.transaction).toMatchObject({ state, txHash: "", ...details });
  });

  it.each(["FAILED", "DENIED", "COMPLETE", "WAITING"])(
    "says %s, and sent nothing",
    async (state) => {
      await onTransfer(world, { kind: "forceState", state, executed: false });
      const order = transferOf(world);
      const id = (await world.sdk.createTransaction(order)).data?.id ?? "";
      await eventually(async () => (await inside(world, id)).state === state);
      await shown(world, await transfer(world), "COMPLETE");
      expect(await usdcOf(world, order.destinationAddress)).toBe(0n);
      expect((await inside(world, id)).sent).toEqual([]);
    },
  );

  it("may come back to the truth, out of a terminal state too", async () => {
    const fault = { kind: "forceState", state: "FAILED", forMs: 400 } as const;
    await onTransfer(world, { ...fault, executed: true });
    const paid = await transfer(world);
    await onTransfer(world, { ...fault, executed: false });
    const unpaid = await transfer(world);
    for (const id of [paid, unpaid]) {
      await eventually(async () => (await inside(world, id)).states.includes("FAILED"));
      await eventually(async () => (await inside(world, id)).state === "COMPLETE");
    }
  });

  it("shows the hash of what it calls failed, where told to", async () => {
    await onTransfer(world, {
      kind: "forceState",
      state: "FAILED",
      executed: true,
      showTxHash: true,
    });
    const { txHash = "" } = await shown(world, await transfer(world), "FAILED");
    const receipt = await eventually(() => receiptOf(world, txHash).catch(() => undefined));
    expect(receipt.status).toBe("success");
  });

  it("says STUCK of what is mined: accelerating brings out the truth", async () => {
    await onTransfer(world, { kind: "forceState", state: "STUCK", executed: true });
    const order = transferOf(world);
    const id = (await world.sdk.createTransaction(order)).data?.id ?? "";
    await eventually(async () => (await usdcOf(world, order.destinationAddress)) === PAID);
    await shown(world, id, "STUCK");
    await world.sdk.accelerateTransaction({ id });
    await eventually(async () => (await inside(world, id)).state === "COMPLETE");
    expect(await usdcOf(world, order.destinationAddress)).toBe(PAID);
  });
});

describe("the faults drawn by chance", () => {
  it("are the same for the same seed, and roughly as likely as asked", () => {
    const draw = (seed: number) => {
      const faults = createFaults(createRandom(seed));
      faults.add({ kind: "executeTwice", probability: 0.3, count: null });
      return Array.from({ length: 400 }, () => faults.take("executeTwice", {}) !== undefined);
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    const struck = draw(7).filter(Boolean).length;
    expect(struck).toBeGreaterThan(80);
    expect(struck).toBeLessThan(160);
  });

  it("are refused by the control endpoint where they make no sense", async () => {
    const nonsense = { kind: "executeTwice", probability: 2 } as const;
    await expect(world.control.inject(nonsense)).rejects.toThrow("probability");
    await expect(world.control.configure({ queue: { perWallet: 0 } })).rejects.toThrow("perWallet");
    expect((await world.control.settings()).queue.perWallet).toBe(16);
  });
});
