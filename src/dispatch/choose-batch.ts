import type { Micros } from "../payment/money.ts";
import type { Intent } from "../payment/state.ts";
import { pairKey } from "./due-queues.ts";
import type { DuePayment } from "./pick-due.ts";

/** What a payer has of a token, and how much of that is promised to sends on their way. */
export interface Purse {
  /** min(balance, allowance); nothing while the token blocks the payer. */
  readonly spendable: Micros;
  readonly reserved: Micros;
}

/** A payment that its payer cannot pay now: `broke` at all, otherwise only beside what is on its way. */
export interface Shortage {
  readonly payer: string;
  readonly token: string;
  readonly needed: Micros;
  readonly broke: boolean;
}

export interface Batch {
  readonly intent: Intent;
  /** What this batch's kind of payments is called when turns are taken between kinds. */
  readonly group: string;
  /** Its payments came back from a batch that failed. */
  readonly capped: boolean;
  /** How many could have travelled in it. */
  readonly sizeMax: number;
  readonly payments: readonly DuePayment[];
}

export interface Choice {
  /** Undefined where nothing can travel now. */
  readonly batch: Batch | undefined;
  readonly shortages: readonly Shortage[];
  /** Not all that could travel now found room: another kind's, or more than a batch holds. */
  readonly leavesSome: boolean;
}

interface Group {
  readonly name: string;
  readonly intent: Intent;
  readonly cap: number | null;
  readonly queues: DuePayment[][];
}

/**
 * One batch out of the queues, which stand in turn order. Only payments of one intent and one cap travel together, and
 * these groups take turns (`lastGroup` went last). Within a batch every queue gives one payment per round, as far as
 * its payer's funds go; what does not fit is passed over and reported.
 */
export function chooseBatch(
  queues: readonly (readonly DuePayment[])[],
  purses: ReadonlyMap<string, Purse>,
  options: { sizeMax: number; lastGroup: string | undefined },
): Choice {
  const shortages: Shortage[] = [];
  const groups = inTurn(groupsOf(queues), options.lastGroup);
  for (const group of groups) {
    const sizeMax = Math.min(group.cap ?? options.sizeMax, options.sizeMax);
    const payments = takeInRounds(group.queues, sizeMax, payerFits(purses, shortages));
    const { intent, name, cap } = group;
    if (payments.length > 0) {
      const batch = { intent, group: name, capped: cap !== null, sizeMax, payments };
      return { batch, shortages, leavesSome: groups.length > 1 || payments.length >= sizeMax };
    }
  }
  return { batch: undefined, shortages, leavesSome: false };
}

function groupsOf(queues: readonly (readonly DuePayment[])[]): Group[] {
  const groups = new Map<string, Group>();
  for (const queue of queues) {
    const mine = new Map<string, DuePayment[]>();
    for (const payment of queue) {
      const { intent, batchCap: cap } = payment;
      const name = `${intent} ${cap ?? "any"}`;
      if (!groups.has(name)) groups.set(name, { name, intent, cap, queues: [] });
      if (!mine.has(name)) mine.set(name, []);
      mine.get(name)?.push(payment);
    }
    for (const [name, payments] of mine) groups.get(name)?.queues.push(payments);
  }
  return [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function inTurn(groups: readonly Group[], lastGroup: string | undefined): Group[] {
  const behind = groups.findIndex((group) => lastGroup !== undefined && group.name > lastGroup);
  return behind <= 0 ? [...groups] : [...groups.slice(behind), ...groups.slice(0, behind)];
}

function takeInRounds(
  queues: readonly (readonly DuePayment[])[],
  sizeMax: number,
  fits: (payment: DuePayment) => boolean,
): DuePayment[] {
  const taken: DuePayment[] = [];
  let waiting = queues.map((payments) => ({ payments, next: 0 }));
  while (waiting.length > 0) {
    const goingOn: typeof waiting = [];
    for (const queue of waiting) {
      if (taken.length >= sizeMax) return taken;
      const found = queue.payments.findIndex((payment, i) => i >= queue.next && fits(payment));
      const payment = queue.payments[found];
      if (payment === undefined) continue;
      taken.push(payment);
      goingOn.push({ ...queue, next: found + 1 });
    }
    waiting = goingOn;
  }
  return taken;
}

/** Says whether the payer can pay this one too, and then counts it as spent. A void costs its payer nothing. */
function payerFits(
  purses: ReadonlyMap<string, Purse>,
  shortages: Shortage[],
): (payment: DuePayment) => boolean {
  const left = new Map<string, Micros>();
  return ({ intent, payer, token, amount }) => {
    if (intent === "void") return true;
    const key = pairKey({ payer, token });
    const purse = purses.get(key) ?? { spendable: 0n, reserved: 0n };
    const available = left.get(key) ?? purse.spendable - purse.reserved;
    const fits = amount <= available;
    if (fits) left.set(key, available - amount);
    else shortages.push({ payer, token, needed: amount, broke: amount > purse.spendable });
    return fits;
  };
}
