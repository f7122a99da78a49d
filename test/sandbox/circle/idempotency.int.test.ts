import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  freshAddress,
  onTransfer,
  refusal,
  shown,
  startCircleWorld,
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

describe("the same idempotency key", () => {
  it("gets the original answer as first given, and pays once", async () => {
    const order = transferOf(world, { amount: "3" });
    const first = await world.sdk.createTransaction(order);
    await shown(world, first.data?.id ?? "", "COMPLETE");
    const again = await world.sdk.createTransaction(order);
    expect(again.data).toEqual(first.data);
    expect(again.data?.state).toBe("INITIATED");
    expect(await usdcOf(world, order.destinationAddress)).toBe(3_000_000n);
  });

  it("acts once when sent many times at once", async () => {
    const order = transferOf(world);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => world.sdk.createTransaction(order)),
    );
    expect(new Set(answers.map(({ data }) => data?.id)).size).toBe(1);
    await shown(world, answers[0]?.data?.id ?? "", "COMPLETE");
    expect(await usdcOf(world, order.destinationAddress)).toBe(1_000_000n);
  });

  it("with another body gets the original payment by default", async () => {
    const order = transferOf(world);
    const first = await world.sdk.createTransaction(order);
    const other = freshAddress();
    const again = await world.sdk.createTransaction({ ...order, destinationAddress: other });
    expect(again.data?.id).toBe(first.data?.id);
    const { destinationAddress } = await shown(world, first.data?.id ?? "", "COMPLETE");
    expect(destinationAddress).toBe(order.destinationAddress.toLowerCase());
    expect(await usdcOf(world, other)).toBe(0n);
  });

  it("with another body is refused with 156020 where so configured, the same body not", async () => {
    await world.control.configure({ idempotency: { differentBody: "refuse" } });
    const order = transferOf(world);
    const first = await world.sdk.createTransaction(order);
    const changed = world.sdk.createTransaction({ ...order, amount: ["2"] });
    expect(await refusal(changed)).toMatchObject({ code: 156020 });
    expect((await world.sdk.createTransaction(order)).data).toEqual(first.data);
  });

  it("at another endpoint is another request", async () => {
    const key = randomUUID();
    const paid = await world.sdk.createTransaction(transferOf(world, { key }));
    const set = await world.sdk.createWalletSet({ name: "other", idempotencyKey: key });
    expect(set.data?.walletSet.id).not.toBe(paid.data?.id);
  });

  it("acts again once it is forgotten: by a fault, or after its lifetime", async () => {
    const order = transferOf(world);
    const first = await world.sdk.createTransaction(order);
    await onTransfer(world, { kind: "forgetKey" });
    // A new key has nothing to forget, and leaves the fault to a repeat.
    const other = await world.sdk.createTransaction(transferOf(world));
    expect(await world.control.faults()).toMatchObject([{ struck: 0 }]);
    await shown(world, other.data?.id ?? "", "COMPLETE");
    const second = await world.sdk.createTransaction(order);
    expect(second.data?.id).not.toBe(first.data?.id);

    await world.control.configure({ idempotency: { lifetimeMs: 1 } });
    const third = await world.sdk.createTransaction(order);
    expect(third.data?.id).not.toBe(second.data?.id);
    for (const { data } of [first, second, third]) await shown(world, data?.id ?? "", "COMPLETE");
    expect(await usdcOf(world, order.destinationAddress)).toBe(3_000_000n);
  });
});
