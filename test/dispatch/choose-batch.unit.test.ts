import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseBatch, type Choice, type Purse } from "../../src/dispatch/choose-batch.ts";
import { pairKey } from "../../src/dispatch/due-queues.ts";
import type { DuePayment } from "../../src/dispatch/pick-due.ts";

let made = 0;

function payment(of: Partial<DuePayment> = {}): DuePayment {
  const intent = of.intent ?? "pay";
  return {
    paymentId: `p${(made += 1)}`,
    generation: 1,
    state: intent === "pay" ? "planned" : "voiding",
    intent,
    payer: "rich",
    token: "usdc",
    platformId: "platform",
    recipient: "worker",
    amount: 10n,
    batchCap: null,
    ...of,
  };
}

function queue(length: number, of: Partial<DuePayment> = {}): DuePayment[] {
  return Array.from({ length }, () => payment(of));
}

function purses(of: Record<string, Purse>): Map<string, Purse> {
  return new Map(
    Object.entries(of).map(([payer, purse]) => [pairKey({ payer, token: "usdc" }), purse]),
  );
}

const rich = { spendable: 10n ** 12n, reserved: 0n };
const everyoneRich = purses({ a: rich, b: rich, c: rich, rich });
const whole = { sizeMax: 100, lastGroup: undefined };

function countBy(choice: Choice, payer: string): number {
  return choice.batch?.payments.filter((each) => each.payer === payer).length ?? 0;
}

describe("a batch", () => {
  test("gives every payer a turn per round, so a backlog delays nobody", () => {
    const queues = [queue(100, { payer: "a" }), queue(2, { payer: "b" }), queue(3, { payer: "c" })];
    const choice = chooseBatch(queues, everyoneRich, { sizeMax: 10, lastGroup: undefined });
    expect(["a", "b", "c"].map((payer) => countBy(choice, payer))).toEqual([5, 2, 3]);
  });

  test("says whether it leaves behind what could travel: then nobody need ring for the next look", () => {
    const leavesSome = (queues: DuePayment[][], sizeMax = 10) =>
      chooseBatch(queues, everyoneRich, { sizeMax, lastGroup: undefined }).leavesSome;
    expect(leavesSome([queue(9)])).toBe(false);
    expect(leavesSome([queue(10)])).toBe(true);
    expect(leavesSome([queue(2, { batchCap: 2 })])).toBe(true);
    expect(leavesSome([queue(1), queue(1, { intent: "void" })])).toBe(true);
    expect(leavesSome([])).toBe(false);
  });

  test("takes from a payer what his funds cover beside what is promised, and reports the rest", () => {
    const queues = [
      [10n, 40n, 15n, 5n].map((amount) => payment({ payer: "a", amount })),
      queue(1, { payer: "b" }),
    ];
    const known = purses({ a: { spendable: 38n, reserved: 10n }, b: rich });
    const { batch, shortages } = chooseBatch(queues, known, whole);
    expect(batch?.payments.map(({ payer, amount }) => `${payer}${amount}`)).toEqual([
      "a10",
      "b10",
      "a15",
    ]);
    expect(shortages).toEqual([
      { payer: "a", token: "usdc", needed: 40n, broke: true },
      { payer: "a", token: "usdc", needed: 5n, broke: false },
    ]);
  });

  test("of a payer of whom nothing is known takes nothing", () => {
    const { batch, shortages } = chooseBatch([queue(1)], new Map(), whole);
    expect(batch).toBeUndefined();
    expect(shortages).toHaveLength(1);
  });

  test("of voids needs no funds", () => {
    expect(
      chooseBatch([queue(2, { intent: "void" })], new Map(), whole).batch?.payments,
    ).toHaveLength(2);
  });

  test("with a cap carries only that cap's payments, at most so many", () => {
    const queues = [[...queue(5, { batchCap: 2 }), ...queue(5, { batchCap: 3 })]];
    const first = chooseBatch(queues, everyoneRich, whole).batch;
    const second = chooseBatch(queues, everyoneRich, { ...whole, lastGroup: first?.group }).batch;
    for (const batch of [first, second]) {
      expect(new Set(batch?.payments.map((each) => each.batchCap)).size).toBe(1);
      expect(batch?.payments).toHaveLength(batch?.payments[0]?.batchCap ?? 0);
      expect(batch?.capped).toBe(true);
    }
    expect(first?.group).not.toBe(second?.group);
  });
});

describe("any choice", () => {
  const anyPayment = fc.record({
    intent: fc.constantFrom("pay" as const, "void" as const),
    payer: fc.constantFrom("a", "b", "c"),
    amount: fc.bigInt(1n, 50n),
    batchCap: fc.constantFrom(null, null, 1, 3),
  });
  const anyQueues = fc
    .array(anyPayment, { maxLength: 60 })
    .map((all) =>
      Object.values(Object.groupBy(all, ({ payer, intent }) => `${payer}${intent}`)).map((each) =>
        (each ?? []).map(payment),
      ),
    );
  const anyPurse = fc.record({ spendable: fc.bigInt(0n, 300n), reserved: fc.bigInt(0n, 100n) });
  const anyPurses = fc.record({ a: anyPurse, b: anyPurse, c: anyPurse }).map(purses);
  const anySize = fc.integer({ min: 1, max: 20 });

  test("keeps to its size, its cap and one kind, and sends nothing twice", () => {
    fc.assert(
      fc.property(anyQueues, anyPurses, anySize, (queues, known, sizeMax) => {
        const { batch } = chooseBatch(queues, known, { sizeMax, lastGroup: undefined });
        if (!batch) return;
        const [first] = batch.payments;
        expect(batch.payments.length).toBeLessThanOrEqual(
          Math.min(sizeMax, first?.batchCap ?? sizeMax),
        );
        expect(new Set(batch.payments.map((p) => `${p.intent}${p.batchCap}`)).size).toBe(1);
        expect(new Set(batch.payments).size).toBe(batch.payments.length);
      }),
    );
  });

  test("promises no payer's money twice", () => {
    fc.assert(
      fc.property(anyQueues, anyPurses, anySize, (queues, known, sizeMax) => {
        const { batch } = chooseBatch(queues, known, { sizeMax, lastGroup: undefined });
        if (batch?.intent !== "pay") return;
        for (const [key, { spendable, reserved }] of known) {
          const taken = batch.payments.filter((each) => pairKey(each) === key);
          const sum = taken.reduce((total, each) => total + each.amount, 0n);
          if (sum > 0n) expect(sum + reserved).toBeLessThanOrEqual(spendable);
        }
      }),
    );
  });

  test("leaves room only when nothing more of its kind fits", () => {
    fc.assert(
      fc.property(anyQueues, anyPurses, anySize, (queues, known, sizeMax) => {
        const { batch, shortages } = chooseBatch(queues, known, { sizeMax, lastGroup: undefined });
        if (!batch || batch.payments.length >= batch.sizeMax) return;
        const kind = ({ intent, batchCap }: DuePayment) => `${intent} ${batchCap ?? "any"}`;
        const left = queues
          .flat()
          .filter((p) => kind(p) === batch.group && !batch.payments.includes(p));
        expect(shortages.length).toBeGreaterThanOrEqual(left.length);
        if (batch.intent === "void") expect(left).toEqual([]);
      }),
    );
  });

  test("serves every kind that can travel within as many turns as there are kinds", () => {
    fc.assert(
      fc.property(anyQueues, anySize, (queues, sizeMax) => {
        const kinds = new Set(queues.flat().map((p) => `${p.intent} ${p.batchCap ?? "any"}`));
        const served = new Set<string>();
        let lastGroup: string | undefined;
        for (let turn = 0; turn < kinds.size; turn += 1) {
          const { batch } = chooseBatch(queues, everyoneRich, { sizeMax, lastGroup });
          lastGroup = batch?.group;
          if (batch) served.add(batch.group);
        }
        expect(served).toEqual(kinds);
      }),
    );
  });

  test("gives no queue two more than another that still has some", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
        anySize,
        (lengths, sizeMax) => {
          const queues = lengths.map((length, i) => queue(length, { platformId: `${i}` }));
          const { batch } = chooseBatch(queues, everyoneRich, { sizeMax, lastGroup: undefined });
          const counts = lengths.map(
            (_, i) => batch?.payments.filter((each) => each.platformId === `${i}`).length ?? 0,
          );
          const most = Math.max(...counts);
          counts.forEach((count, i) => {
            if (count < (lengths[i] ?? 0)) expect(count).toBeGreaterThanOrEqual(most - 1);
          });
        },
      ),
    );
  });
});
