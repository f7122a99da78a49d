import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createRateLimit } from "../../../sandbox/circle/api/rate-limit.ts";
import { defaultSettings } from "../../../sandbox/circle/control/settings.ts";
import {
  eventually,
  inside,
  onTransfer,
  refusal,
  shown,
  startCircleWorld,
  transfer,
  transferOf,
  type CircleWorld,
} from "./circle-world.ts";

let world: CircleWorld;
beforeAll(async () => {
  world = await startCircleWorld(2);
});
afterEach(() => world.control.reset());
afterAll(() => world[Symbol.asyncDispose]());

/** Slow enough to refill that a test run cannot matter. */
const FIVE_THEN_NONE = {
  enabled: true,
  postPerSecond: 0.001,
  getPerSecond: 0.001,
  burstSeconds: 5_000,
};

describe("the rate limits", () => {
  it("hold for each POST path on its own, and for all GETs together", async () => {
    const full = defaultSettings();
    const seen = createRateLimit(full, () => 0);
    const take = (method: "GET" | "POST", template: string, count: number, fast = false) =>
      Array.from({ length: count }, () => seen.take({ method, template, fast })).filter(Boolean)
        .length;
    expect(take("POST", "/transfer", 50)).toBe(5);
    expect(take("POST", "/contractExecution", 50)).toBe(5);
    expect(take("POST", "/estimateFee", 50, true)).toBe(10);
    expect(take("GET", "/transactions", 15) + take("GET", "/wallets", 50)).toBe(20);
  });

  it("refill at their rate", () => {
    let nowMs = 0;
    const limit = createRateLimit(defaultSettings(), () => nowMs);
    const calls = (count: number) =>
      Array.from({ length: count }, () =>
        limit.take({ method: "POST", template: "/transfer" }),
      ).filter(Boolean);
    expect(calls(9)).toHaveLength(5);
    nowMs = 400;
    expect(calls(9)).toHaveLength(2);
    nowMs = 60_000;
    expect(calls(9)).toHaveLength(5);
  });

  it("answer the SDK with 429, which its error class hides behind the body's code", async () => {
    await world.control.configure({ rate: FIVE_THEN_NONE });
    for (let n = 0; n < 5; n += 1) await world.sdk.createTransaction(transferOf(world));
    const error = await refusal(world.sdk.createTransaction(transferOf(world)));
    expect(error).toMatchObject({ status: 429, code: -1 });
    const { endpoints } = await world.control.stats();
    expect(endpoints["POST /v1/w3s/developer/transactions/transfer"]).toEqual({
      requests: 6,
      throttled: 1,
      statuses: { 201: 5, 429: 1 },
    });
  });

  it.each([
    ["without body or Retry-After", { body: "none" }, { code: 429, retryAfter: undefined }],
    ["with Retry-After", { body: "json", retryAfterSeconds: 2 }, { code: -1, retryAfter: "2" }],
  ] as const)("can answer %s", async (_, shape, expected) => {
    await world.control.configure({ rate: { ...FIVE_THEN_NONE, burstSeconds: 1, ...shape } });
    await world.sdk.listWallets();
    const error = await refusal(world.sdk.listWallets());
    const inner = error as { error?: { response?: { headers?: Record<string, string> } } };
    expect(error).toMatchObject({ status: 429, code: expected.code });
    expect(inner.error?.response?.headers?.["retry-after"]).toBe(expected.retryAfter);
  });

  it("refuse before anything took effect: the same key works later", async () => {
    const order = transferOf(world);
    await world.control.configure({ rate: { ...FIVE_THEN_NONE, burstSeconds: 1 } });
    await world.sdk.createTransaction(transferOf(world));
    await refusal(world.sdk.createTransaction(order));
    await world.control.configure({ rate: { enabled: false } });
    const { data } = await world.sdk.createTransaction(order);
    expect((await inside(world, data?.id ?? "")).states[0]).toBe("INITIATED");
  });
});

describe("the queue of a wallet", () => {
  it("refuses one too many with 155264, other wallets go on, and it empties", async () => {
    await eventually(async () =>
      (await world.control.transactions()).every(({ state }) => state === "COMPLETE"),
    );
    await world.control.configure({ queue: { perWallet: 3 } });
    await onTransfer(world, { kind: "executeLate", delayMs: 2_000, count: 3 });
    const waiting = await Promise.all([transfer(world), transfer(world), transfer(world)]);
    const order = transferOf(world);
    expect(await refusal(world.sdk.createTransaction(order))).toMatchObject({ code: 155264 });
    await transfer(world, { walletId: world.circle.operatorWallets[1]?.id ?? "" });
    for (const id of waiting) await shown(world, id, "COMPLETE");
    const { data } = await world.sdk.createTransaction(order);
    await shown(world, data?.id ?? "", "COMPLETE");
  });
});
