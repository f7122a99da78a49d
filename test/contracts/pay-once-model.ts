import type { Address, Hex } from "viem";

import type { Payment, Ref, Sent } from "./pay-once-world.ts";

type Outcome = Omit<Sent["outcomes"][number], "args"> & { readonly args: Record<string, unknown> };

/** PayOnce and a token that can block its accounts, as the design describes them and without a line of their code. */
export interface Model {
  readonly operators: Set<Address>;
  readonly blocked: Set<Address>;
  readonly balances: Map<Address, bigint>;
  readonly allowances: Map<Address, bigint>;
  readonly paid: Map<Hex, Payment>;
  readonly floors: Map<Hex, number>;
}

/** The logs that a batch must leave, in order; undefined if it must revert. Refusals carry no reason here. */
export function modelPay(model: Model, caller: Address, items: readonly Payment[]) {
  if (!model.operators.has(caller)) return undefined;
  return items.map((item): Outcome => {
    const { id, generation } = item;
    const skipped = skippedBy(model, item);
    if (skipped) return skipped;
    if (!moves(model, item)) return { name: "Refused", args: { id, generation } };
    model.balances.set(item.payer, at(model.balances, item.payer) - item.amount);
    model.balances.set(item.to, at(model.balances, item.to) + item.amount);
    model.allowances.set(item.payer, at(model.allowances, item.payer) - item.amount);
    model.paid.set(id, item);
    return { name: "Paid", args: { ...item } };
  });
}

export function modelVoid(model: Model, caller: Address, refs: readonly Ref[]) {
  if (!model.operators.has(caller)) return undefined;
  return refs.map(({ id, generation }): Outcome => {
    const skipped = skippedBy(model, { id, generation });
    if (skipped) return skipped;
    model.floors.set(id, generation + 1);
    return { name: "Voided", args: { id, generation } };
  });
}

export const slotOf = (model: Model, id: Hex) => ({
  paid: model.paid.has(id),
  floor: model.floors.get(id) ?? 0,
});

function skippedBy(model: Model, { id, generation }: Ref): Outcome | undefined {
  const slot = slotOf(model, id);
  if (!slot.paid && generation >= slot.floor) return undefined;
  return { name: "Skipped", args: { id, generation, ...slot } };
}

function moves(model: Model, { payer, to, amount }: Payment): boolean {
  return (
    amount > 0n &&
    payer !== to &&
    !model.blocked.has(payer) &&
    !model.blocked.has(to) &&
    amount <= at(model.balances, payer) &&
    amount <= at(model.allowances, payer)
  );
}

const at = (amounts: Map<Address, bigint>, account: Address) => amounts.get(account) ?? 0n;
