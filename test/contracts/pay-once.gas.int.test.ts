import { erc20Abi, type Address } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { PAY_ONCE_GAS, payGasLimit, voidGasLimit } from "../../contracts/pay-once-gas.ts";
import { compileSolidity } from "../../contracts/solidity.ts";
import {
  MONEY,
  namesOf,
  newAddress,
  newId,
  startPayOnceWorld,
  type Payment,
  type PayOnceWorld,
} from "./pay-once-world.ts";

const BATCH = 50;

let world: PayOnceWorld;
let plain: Address;
beforeAll(async () => {
  world = await startPayOnceWorld();
  const artifact = compileSolidity(["test/contracts/tokens/PlainToken.sol"]).get("PlainToken");
  plain = await world.deploy(artifact);
  const abi = artifact?.abi ?? [];
  const payer = world.addressOf(world.payer);
  await world.call(world.admin, plain, { abi, functionName: "mint", args: [payer, MONEY] });
  await world.call(world.payer, plain, {
    abi: erc20Abi,
    functionName: "approve",
    args: [world.payOnce, MONEY],
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const batchOf = (count: number, terms: Partial<Payment> = {}) =>
  Array.from({ length: count }, () => world.payment(terms));
const again = (items: readonly Payment[]) => items.map((item) => ({ ...item, id: newId() }));

/** Gas per payment of a batch of 50 to fresh addresses, and of the same to addresses that hold the token by then. */
async function gasPerPayment(token: Address) {
  const items = batchOf(BATCH, { token });
  const fresh = await world.pay(items);
  const known = await world.pay(again(items));
  return [fresh, known].map((sent) => Number(sent.receipt.gasUsed) / BATCH) as [number, number];
}

async function gasOfTransfer(token: Address, to: Address): Promise<number> {
  const call = { abi: erc20Abi, functionName: "transfer", args: [to, 50_000_000n] } as const;
  return Number((await world.call(world.payer, token, call)).receipt.gasUsed);
}

describe("what the guarantee costs, in batches of 50", () => {
  test("over an ordinary ERC-20, at most 58k gas to a fresh address and 41k to a known one", async () => {
    const [fresh, known] = await gasPerPayment(plain);
    expect(fresh).toBeLessThanOrEqual(58_000);
    expect(known).toBeLessThanOrEqual(41_000);
  });

  test.each(["USDC", "EURC"] as const)(
    "over %s, at most 8k above the token's own transfer",
    async (name) => {
      const token = world.chain.tokens[name];
      const to = newAddress();
      const transfer = [await gasOfTransfer(token, to), await gasOfTransfer(token, to)];
      const paid = await gasPerPayment(token);
      paid.forEach((gas, i) => expect(gas).toBeLessThanOrEqual((transfer[i] ?? 0) + 8_000));
    },
  );
});

describe("the gas limits that the service declares", () => {
  test.each([1, 2, 50, 200])("%i payments to fresh addresses fit", async (count) => {
    const sent = await world.pay(batchOf(count), { gas: payGasLimit(count) });
    expect(namesOf(sent)).toEqual(Array.from({ length: count }, () => "Paid"));
  });

  test("a batch refused down to its last item fits too: nothing looks starved", async () => {
    const broke = batchOf(BATCH, { payer: newAddress() });
    const sent = await world.pay(broke, { gas: payGasLimit(BATCH) });
    expect(namesOf(sent)).toEqual(Array.from({ length: BATCH }, () => "Refused"));
  });

  test.each([1, 50, 500])("%i voids fit", async (count) => {
    const refs = Array.from({ length: count }, () => ({ id: newId(), generation: 1 }));
    const sent = await world.void(refs, { gas: voidGasLimit(count) });
    expect(namesOf(sent)).toEqual(Array.from({ length: count }, () => "Voided"));
  });

  test("they are tight: without the reserve, less than a fifth of a batch's limit is left over", async () => {
    const sent = await world.pay(batchOf(BATCH));
    const declared = payGasLimit(BATCH) - PAY_ONCE_GAS.refusalReserve;
    expect(Number(declared - sent.receipt.gasUsed)).toBeLessThan(Number(declared) / 5);
  });
});

describe("a batch at the block gas limit", () => {
  const BLOCK_GAS_LIMIT = 6_000_000n;

  test("the largest that is declared to fit is paid whole; one that does not fit is undone whole, and its halves are paid", async () => {
    await using small = await startPayOnceWorld({ blockGasLimit: Number(BLOCK_GAS_LIMIT) });
    const largest = Number(
      (BLOCK_GAS_LIMIT - PAY_ONCE_GAS.base - PAY_ONCE_GAS.refusalReserve) / PAY_ONCE_GAS.perPayment,
    );
    const items = (count: number) => Array.from({ length: count }, () => small.payment());
    const full = await small.pay(items(largest), { gas: BLOCK_GAS_LIMIT });
    expect(namesOf(full)).toEqual(Array.from({ length: largest }, () => "Paid"));

    const tooMany = items(2 * largest);
    const undone = await small.pay(tooMany, { gas: BLOCK_GAS_LIMIT });
    expect(undone.reverted).toBe(true);
    expect(undone.outcomes).toEqual([]);
    const first = tooMany.at(0);
    expect(first && (await small.slot(first.id))).toEqual({ paid: false, floor: 0 });

    for (const half of [tooMany.slice(0, largest), tooMany.slice(largest)]) {
      const sent = await small.pay(half, { gas: BLOCK_GAS_LIMIT });
      expect(namesOf(sent)).toEqual(half.map(() => "Paid"));
    }
  });
});
