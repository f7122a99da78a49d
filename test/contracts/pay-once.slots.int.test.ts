import { toFunctionSelector } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  MONEY,
  namesOf,
  newAddress,
  newId,
  reasonText,
  startPayOnceWorld,
  type PayOnceWorld,
} from "./pay-once-world.ts";

const LAST_GENERATION = 2 ** 32 - 1;
const NOTHING_TO_PAY = toFunctionSelector("NothingToPay()");

let world: PayOnceWorld;
beforeAll(async () => {
  world = await startPayOnceWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const usdcOf = (item: { to: `0x${string}` }) => world.balance(world.chain.tokens.USDC, item.to);

describe("a payment id is paid at most once", () => {
  test("Paid carries the terms, and the token moved exactly that", async () => {
    const item = world.payment({ amount: 123_456_789n });
    const sent = await world.pay([item]);
    expect(sent.outcomes).toEqual([{ name: "Paid", args: item }]);
    expect(await usdcOf(item)).toBe(123_456_789n);
    expect(await world.slot(item.id)).toEqual({ paid: true, floor: 0 });
  });

  test("again, in any generation and on any terms, is skipped and says that it was paid", async () => {
    const item = world.payment({ generation: 2 });
    await world.pay([item]);
    const later = [
      item,
      { ...item, generation: 3, to: newAddress() },
      { ...item, generation: 1, token: world.chain.tokens.EURC },
    ];
    const sent = await world.pay(later);
    expect(sent.outcomes).toEqual(
      later.map(({ id, generation }) => ({
        name: "Skipped",
        args: { id, generation, paid: true, floor: 0 },
      })),
    );
    expect(await usdcOf(item)).toBe(item.amount);
    expect(await world.balance(world.chain.tokens.USDC, later[1]?.to ?? "0x")).toBe(0n);
  });

  test("the same id twice in one batch is paid once, by the first", async () => {
    const first = world.payment();
    const second = { ...first, generation: 2, to: newAddress() };
    expect(namesOf(await world.pay([first, second, first]))).toEqual([
      "Paid",
      "Skipped",
      "Skipped",
    ]);
    expect(await usdcOf(first)).toBe(first.amount);
    expect(await usdcOf(second)).toBe(0n);
  });

  test("a void after it is skipped: what is paid cannot be closed", async () => {
    const item = world.payment();
    await world.pay([item]);
    const sent = await world.void([item]);
    expect(sent.outcomes).toEqual([
      { name: "Skipped", args: { id: item.id, generation: 1, paid: true, floor: 0 } },
    ]);
    expect(await world.slot(item.id)).toEqual({ paid: true, floor: 0 });
  });
});

describe("a void closes its generation and all below it, for ever", () => {
  test("a late pay of the voided or an older generation is skipped and moves nothing", async () => {
    const item = world.payment({ generation: 3 });
    const voided = await world.void([item]);
    expect(voided.outcomes).toEqual([{ name: "Voided", args: { id: item.id, generation: 3 } }]);
    expect(await world.slot(item.id)).toEqual({ paid: false, floor: 4 });

    const late = await world.pay([item, { ...item, generation: 1 }, { ...item, generation: 0 }]);
    expect(late.outcomes).toEqual(
      [3, 1, 0].map((generation) => ({
        name: "Skipped",
        args: { id: item.id, generation, paid: false, floor: 4 },
      })),
    );
    expect(await usdcOf(item)).toBe(0n);
  });

  test("the next generation is open, and its payment keeps the floor on record", async () => {
    const item = world.payment();
    await world.void([item]);
    expect(namesOf(await world.pay([{ ...item, generation: 2 }]))).toEqual(["Paid"]);
    expect(await world.slot(item.id)).toEqual({ paid: true, floor: 2 });
  });

  test("voiding what is closed already is skipped and does not lower the floor", async () => {
    const { id } = world.payment();
    await world.void([{ id, generation: 5 }]);
    const sent = await world.void([
      { id, generation: 5 },
      { id, generation: 2 },
      { id, generation: 6 },
    ]);
    expect(namesOf(sent)).toEqual(["Skipped", "Skipped", "Voided"]);
    expect(await world.slot(id)).toEqual({ paid: false, floor: 7 });
  });

  test("an id that nobody ever sent can be voided: proof that it will not be paid", async () => {
    const id = newId();
    expect(namesOf(await world.void([{ id, generation: 1 }]))).toEqual(["Voided"]);
  });

  test("the last generation can be voided, and the counter does not wrap round", async () => {
    const item = world.payment({ generation: LAST_GENERATION });
    expect(namesOf(await world.void([item]))).toEqual(["Voided"]);
    expect(await world.slot(item.id)).toEqual({ paid: false, floor: LAST_GENERATION });
    const late = await world.pay([item, { ...item, generation: LAST_GENERATION - 1 }]);
    expect(namesOf(late)).toEqual(["Refused", "Skipped"]);
    expect(await usdcOf(item)).toBe(0n);
  });
});

describe("a refusal changes nothing and stops nobody", () => {
  test("a refused item can be paid later, in the same generation", async () => {
    const item = world.payment();
    await world.chain.setBlacklisted("USDC", item.to, true);
    const refused = await world.pay([item]);
    expect(namesOf(refused)).toEqual(["Refused"]);
    expect(reasonText(refused.outcomes[0])).toContain("Blocked address");
    expect(await world.slot(item.id)).toEqual({ paid: false, floor: 0 });

    await world.chain.setBlacklisted("USDC", item.to, false);
    expect(namesOf(await world.pay([item]))).toEqual(["Paid"]);
    expect(await usdcOf(item)).toBe(item.amount);
  });

  test("a refusal above a floor leaves the floor as it was", async () => {
    const item = world.payment({ generation: 3, amount: MONEY * 2n });
    await world.void([{ ...item, generation: 2 }]);
    expect(namesOf(await world.pay([item]))).toEqual(["Refused"]);
    expect(await world.slot(item.id)).toEqual({ paid: false, floor: 3 });
  });

  test("in a mixed batch each item gets its own outcome, in the order given", async () => {
    const [paidBefore, voided, blocked] = [world.payment(), world.payment(), world.payment()];
    await world.pay([paidBefore]);
    await world.void([voided]);
    await world.chain.setBlacklisted("USDC", blocked.to, true);
    const broke = world.payment({ payer: newAddress() });
    const [fresh, euros] = [world.payment(), world.payment({ token: world.chain.tokens.EURC })];

    const sent = await world.pay([blocked, fresh, paidBefore, broke, voided, euros]);
    expect(namesOf(sent)).toEqual(["Refused", "Paid", "Skipped", "Refused", "Skipped", "Paid"]);
    expect(await usdcOf(fresh)).toBe(fresh.amount);
    expect(await world.balance(world.chain.tokens.EURC, euros.to)).toBe(euros.amount);
  });

  test("an allowance or a balance that is too small is a refusal in the token's words", async () => {
    const key = generatePrivateKey();
    const payer = world.addressOf(key);
    await world.chain.fund(payer, { usdc: 60_000_000n, native: 10n ** 18n });
    await world.chain.approve(key, "USDC", world.payOnce, 40_000_000n);
    const sent = await world.pay([world.payment({ payer, amount: 50_000_000n })]);
    expect(reasonText(sent.outcomes[0])).toContain("ERC20: transfer amount exceeds allowance");

    await world.chain.approve(key, "USDC", world.payOnce, MONEY);
    const two = await world.pay([
      world.payment({ payer, amount: 50_000_000n }),
      world.payment({ payer, amount: 50_000_000n }),
    ]);
    expect(namesOf(two)).toEqual(["Paid", "Refused"]);
    expect(reasonText(two.outcomes[1])).toContain("ERC20: transfer amount exceeds balance");
  });

  test.each([
    ["nothing", () => world.payment({ amount: 0n })],
    ["its own payer", () => world.payment({ to: world.addressOf(world.payer) })],
    ["PayOnce itself", () => world.payment({ to: world.payOnce })],
  ])("a payment of or to %s is refused: a Paid always moved money to somebody", async (_, make) => {
    const item = make();
    const neighbour = world.payment();
    const sent = await world.pay([item, neighbour]);
    expect(namesOf(sent)).toEqual(["Refused", "Paid"]);
    expect(sent.outcomes[0]?.args["reason"]).toBe(NOTHING_TO_PAY);
    expect(await world.slot(item.id)).toEqual({ paid: false, floor: 0 });
  });

  test("an empty batch does nothing", async () => {
    const [pay, close] = [await world.pay([]), await world.void([])];
    expect([pay.reverted, close.reverted]).toEqual([false, false]);
    expect([...pay.outcomes, ...close.outcomes]).toEqual([]);
  });
});
