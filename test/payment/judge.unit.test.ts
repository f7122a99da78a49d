import { describe, expect, test } from "vitest";
import type { Evidence, PaymentFacts, Terms } from "../../src/payment/evidence.ts";
import { judge } from "../../src/payment/judge.ts";
import type { RefusalCause } from "../../src/payment/refusal.ts";
import { addressOf } from "../support/seed.ts";

const policy = { delaysMs: [2000, 4000, 6000] };
const terms: Terms = {
  payer: addressOf("acme"),
  token: addressOf("USDC"),
  recipient: addressOf("worker"),
  amount: 49_500_000n,
};
const at = { txHash: "0x1", logIndex: 3, ref: "0x", generation: 1n };

function facts(changes: Partial<PaymentFacts> = {}): PaymentFacts {
  return {
    state: "planned",
    generation: 1,
    intent: "pay",
    tries: 0,
    amount: 50_000_000n,
    terms,
    termsByGeneration: new Map(),
    outcomes: new Map(),
    completedBy: null,
    failure: null,
    doubtReason: null,
    isRestoring: false,
    beforeRestore: false,
    currencyToken: terms.token,
    ...changes,
  };
}

function paid(changes: Partial<Terms> & { generation?: bigint; txHash?: string } = {}): Evidence {
  const log = { ...at, kind: "paid" as const, ...terms, transferLogIndex: 2, ...changes };
  return { kind: "paid", paid: { log, blockNumber: 7n } };
}

function refused(cause: RefusalCause, carried = true, generation = 1n): Evidence {
  const reason = { text: "odd", raw: "0x" };
  return { kind: "refused", log: { ...at, kind: "refused", generation, reason }, carried, cause };
}

function skipped(floor: bigint): Evidence {
  const log = { ...at, kind: "skipped" as const, paid: false, floor };
  return { kind: "skipped", log, paid: null, voidTxHash: null };
}

const failedOnce = new Map([[1, "failed" as const]]);

describe("a Paid", () => {
  test.each(["planned", "voiding", "review"] as const)(
    "completes a payment that is %s",
    (state) => {
      expect(judge(facts({ state }), paid(), policy)).toMatchObject({
        kind: "complete",
        generation: 1,
        broken: null,
      });
    },
  );

  test("of a generation that had been failed completes the one after it, and the alarm is raised", () => {
    const retried = facts({ generation: 2, outcomes: failedOnce });
    expect(judge(retried, paid(), policy)).toMatchObject({
      kind: "complete",
      generation: 2,
      broken: "paid_though_failed",
    });
  });

  test("is judged by the terms of its own generation, whatever the newest are", () => {
    const recipient = addressOf("old wallet");
    const retried = facts({
      generation: 2,
      termsByGeneration: new Map([[1, { ...terms, recipient }]]),
    });
    expect(judge(retried, paid({ recipient }), policy)).toMatchObject({ kind: "complete" });
    expect(judge(retried, paid(), policy)).toMatchObject({ reason: "paid_contradicts_terms" });
  });

  test.each<[string, PaymentFacts, Evidence]>([
    ["a failed payment", facts({ state: "failed", outcomes: failedOnce }), paid()],
    ["a failed payment whose outcome was lost", facts({ state: "failed" }), paid()],
    [
      "a failed payment, in a later generation",
      facts({ state: "failed" }),
      paid({ generation: 2n }),
    ],
  ])("on %s is doubt", (_, payment, evidence) => {
    const verdict = { kind: "doubt", reason: "paid_after_failed", intent: null };
    expect(judge(payment, evidence, policy)).toEqual(verdict);
  });

  test("in a later generation of a failed payment is adopted once a restore explains it", () => {
    const payment = facts({ state: "failed", outcomes: failedOnce, beforeRestore: true });
    expect(judge(payment, paid({ generation: 2n }), policy)).toMatchObject({
      kind: "complete",
      generation: 2,
    });
  });

  test.each<[string, Partial<Terms> & { generation?: bigint }]>([
    ["more than the task's amount", { amount: 50_000_001n }],
    ["another token", { token: addressOf("EURC") }],
    ["nothing", { amount: 0n }],
    ["a generation that cannot be", { generation: 4_294_967_295n }],
  ])("of %s is doubt even before a restore", (_, changes) => {
    expect(judge(facts({ beforeRestore: true }), paid(changes), policy)).toMatchObject({
      reason: "paid_contradicts_terms",
    });
  });

  test("on a completed payment is nothing if it is the one, and a broken invariant if it is another", () => {
    const completed = facts({ state: "completed", completedBy: at, intent: null });
    expect(judge(completed, paid(), policy)).toMatchObject({ kind: "ignore" });
    const other = judge(completed, paid({ txHash: "0x2" }), policy);
    expect(other).toEqual({ kind: "alarm", broken: "paid_twice" });
  });
});

describe("a closed slot", () => {
  test.each(["planned", "voiding", "review"] as const)("fails a payment that is %s", (state) => {
    expect(judge(facts({ state }), skipped(2n), policy)).toMatchObject({
      kind: "fail",
      voidTxHash: "0x1",
      failure: { code: "cancelled_by_operator" },
    });
  });

  test("of an older generation says nothing about this one", () => {
    expect(judge(facts({ generation: 2 }), skipped(2n), policy)).toMatchObject({ kind: "ignore" });
  });

  test("below a completed generation is history, on it a broken invariant", () => {
    const completed = facts({ state: "completed", generation: 2, completedBy: at, intent: null });
    expect(judge(completed, skipped(2n), policy)).toMatchObject({ kind: "ignore" });
    expect(judge(completed, skipped(3n), policy)).toMatchObject({ broken: "voided_after_paid" });
  });

  test("never fails a generation whose completion was announced", () => {
    const announced = facts({ outcomes: new Map([[1, "completed"]]) });
    expect(judge(announced, skipped(2n), policy)).toMatchObject({
      kind: "doubt",
      reason: "voided_after_completed",
    });
  });
});

describe("a refusal", () => {
  test.each([
    ["not of the send on its way", facts(), refused("unknown", false)],
    ["of an older generation", facts({ generation: 2 }), refused("unknown")],
    ["while a void is on its way", facts({ state: "voiding", intent: "void" }), refused("unknown")],
    ["of a failed payment", facts({ state: "failed", intent: null }), refused("unknown")],
  ])("%s changes nothing", (_, payment, evidence) => {
    expect(judge(payment, evidence, policy)).toMatchObject({ kind: "ignore" });
  });

  test.each(["funds", "payer_blocked"] as const)("for %s waits, and uses up no try", (cause) => {
    expect(judge(facts({ tries: 3 }), refused(cause), policy)).toMatchObject({ kind: "wait" });
  });

  test("of unknown cause uses up the tries, then voids", () => {
    const verdicts = [0, 1, 2, 3].map((tries) =>
      judge(facts({ tries }), refused("unknown"), policy),
    );
    expect(verdicts).toMatchObject([
      { kind: "retry", tries: 1, delayMs: 2000 },
      { kind: "retry", tries: 2, delayMs: 4000 },
      { kind: "retry", tries: 3, delayMs: 6000 },
      { kind: "void", tries: 4, failure: { code: "transfer_reverted" } },
    ]);
  });
});
