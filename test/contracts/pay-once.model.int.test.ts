import * as fc from "fast-check";
import type { Address, Hex } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";

import { modelPay, modelVoid, slotOf, type Model } from "./pay-once-model.ts";
import {
  newAddress,
  newId,
  startPayOnceWorld,
  type Payment,
  type PayOnceWorld,
  type Sent,
} from "./pay-once-world.ts";

const RUNS = 40;
const STEPS_MAX = 14;
const FUNDS = 100n;
const ALLOWANCE = 80n;

interface Item {
  readonly id: number;
  readonly generation: number;
  readonly payer: number;
  readonly to: number;
  readonly amount: bigint;
}

type Step =
  | { readonly kind: "pay" | "void"; readonly caller: number; readonly items: readonly Item[] }
  | { readonly kind: "block"; readonly account: number; readonly on: boolean }
  | { readonly kind: "operator"; readonly caller: number; readonly on: boolean };

// Few of everything, so that steps meet one another: 3 ids, 5 generations, 2 payers, 3 callers.
const below = (count: number) => fc.nat({ max: count - 1 });
const item: fc.Arbitrary<Item> = fc.record({
  id: below(3),
  generation: below(5),
  payer: below(2),
  to: below(4),
  amount: fc.bigInt({ min: 0n, max: 40n }),
});
const items = fc.array(item, { minLength: 1, maxLength: 5 });
const kind = <K extends string>(name: K) => fc.constant(name);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: kind("pay"), caller: below(3), items }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("void"), caller: below(3), items }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("block"), account: below(4), on: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kind("operator"), caller: below(3), on: fc.boolean() }),
  },
);

let world: PayOnceWorld;
let callers: readonly Hex[];
/** Two payers and two who are only paid. */
let accounts: readonly Address[];
beforeAll(async () => {
  world = await startPayOnceWorld();
  callers = [world.operator, generatePrivateKey(), generatePrivateKey()];
  for (const key of callers) await world.fund(world.addressOf(key));
  const payers = [generatePrivateKey(), generatePrivateKey()];
  accounts = [...payers.map((key) => world.addressOf(key)), newAddress(), newAddress()];
  for (const key of payers) {
    await world.chain.fund(world.addressOf(key), { usdc: FUNDS, native: 10n ** 18n });
    await world.chain.approve(key, "USDC", world.payOnce, ALLOWANCE);
  }
});
afterAll(() => world[Symbol.asyncDispose]());

test("over any sequence of pays and voids by several callers, logs, slots and balances are the model's, and no id is paid twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: STEPS_MAX }), async (steps) => {
      const before = await world.anvil.snapshot();
      try {
        await follow(steps);
      } finally {
        await world.anvil.revert({ id: before });
      }
    }),
    { numRuns: RUNS },
  );
});

/** Takes each step on the chain and in the model, and compares what they say; at the end, where they stand. */
async function follow(steps: readonly Step[]): Promise<void> {
  const ids = [newId(), newId(), newId()];
  const model = newModel();
  for (const next of steps) await take(next, model, ids);

  for (const id of ids) expect(await world.slot(id)).toEqual(slotOf(model, id));
  for (const account of accounts) {
    const balance = await world.balance(world.chain.tokens.USDC, account);
    expect(balance).toBe(model.balances.get(account) ?? 0n);
  }
}

async function take(next: Step, model: Model, ids: readonly Hex[]): Promise<void> {
  if (next.kind === "block") {
    const account = pick(accounts, next.account);
    await world.chain.setBlacklisted("USDC", account, next.on);
    if (next.on) model.blocked.add(account);
    else model.blocked.delete(account);
    return;
  }
  const key = pick(callers, next.caller);
  const caller = world.addressOf(key);
  if (next.kind === "operator") {
    await world.setOperator(caller, next.on);
    if (next.on) model.operators.add(caller);
    else model.operators.delete(caller);
    return;
  }
  const batch = next.items.map((terms) => paymentOf(terms, ids));
  const isPay = next.kind === "pay";
  const expected = isPay ? modelPay(model, caller, batch) : modelVoid(model, caller, batch);
  const sent = isPay ? await world.pay(batch, { key }) : await world.void(batch, { key });
  expect(sent.reverted ? undefined : withoutReasons(sent)).toEqual(expected);
}

function paymentOf({ id, generation, payer, to, amount }: Item, ids: readonly Hex[]): Payment {
  return {
    id: pick(ids, id),
    generation,
    payer: pick(accounts, payer),
    token: world.chain.tokens.USDC,
    to: pick(accounts, to),
    amount,
  };
}

function newModel(): Model {
  const payers = accounts.slice(0, 2);
  return {
    operators: new Set([world.addressOf(world.operator)]),
    blocked: new Set(),
    balances: new Map(payers.map((payer) => [payer, FUNDS])),
    allowances: new Map(payers.map((payer) => [payer, ALLOWANCE])),
    paid: new Map(),
    floors: new Map(),
  };
}

function withoutReasons(sent: Sent): Sent["outcomes"] {
  return sent.outcomes.map(({ name, args: { reason: _reason, ...args } }) => ({ name, args }));
}

const pick = <T>(choices: readonly T[], at: number): T => choices[at] as T;
