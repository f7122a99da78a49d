import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PaymentFacts, Terms } from "../../src/payment/evidence.ts";
import { judgeTransfer, type TransferEvidence } from "../../src/payment/judge-transfer.ts";
import { logKey, provesTerms, type TransferLog } from "../../src/payment/transfer-log.ts";
import { addressOf } from "../support/seed.ts";

const policy = { delaysMs: [2_000, 4_000] };
const terms: Terms = {
  payer: addressOf("acme"),
  token: addressOf("USDC"),
  recipient: addressOf("worker"),
  amount: 49_500_000n,
};
const log: TransferLog = { ...terms, txHash: "0x1", logIndex: 3, blockNumber: 7n };
const endedAt = new Date("2026-03-01T12:00:00Z");
const end = { at: endedAt, code: "circle_failed", detail: "ESTIMATION_ERROR", isCapacity: false };
const search = { found: [], upTo: new Date(endedAt.getTime() + 10_000), isComplete: true };

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
    beforeRestore: false,
    isRestoring: false,
    currencyToken: terms.token,
    ...changes,
  };
}

function judged(changes: Partial<TransferEvidence>, about: Partial<PaymentFacts> = {}) {
  const evidence: TransferEvidence = {
    receipts: [],
    circleState: "SENT",
    end: null,
    search: null,
    claimed: new Set(),
    hasRival: false,
    everyPostAnswered: true,
    ...changes,
  };
  return judgeTransfer(facts(about), evidence, policy);
}

const mined = (...transfers: TransferLog[]) => ({ kind: "mined" as const, transfers });
const stray = { ...search, found: [{ ...log, txHash: "0x2" }] };

describe("the token's log", () => {
  test.each(["planned", "review"] as const)("completes a payment that is %s", (state) => {
    expect(judged({ receipts: [mined(log)] }, { state })).toMatchObject({
      kind: "complete",
      paid: { log: { txHash: "0x1", logIndex: 3 }, blockNumber: 7n },
    });
  });
  test("comes before Circle's word that nothing moved", () => {
    expect(judged({ receipts: [mined(log)], end, search })).toMatchObject({ kind: "complete" });
  });
  test("completes a payment that is older than a restore: it is bound by Circle's id and hash", () => {
    expect(judged({ receipts: [mined(log)] }, { beforeRestore: true }).kind).toBe("complete");
  });
  test.each([
    ["another amount", { amount: 1n }],
    ["another recipient", { recipient: addressOf("somebody") }],
    ["another token", { token: addressOf("EURC") }],
  ])("with %s is a contradiction", (_, other) => {
    expect(judged({ receipts: [mined({ ...log, ...other })] })).toMatchObject({
      kind: "doubt",
      reason: "transfer_contradicts_terms",
    });
  });
  test("twice over is a contradiction", () => {
    const twice = [mined(log), mined({ ...log, txHash: "0x9" })];
    expect(judged({ receipts: twice })).toMatchObject({ reason: "transfer_contradicts_terms" });
  });
  test("never proves two payments", () => {
    const claimed = new Set([logKey(log)]);
    expect(judged({ receipts: [mined(log)], claimed })).toMatchObject({
      kind: "doubt",
      reason: "transfer_proves_another",
    });
  });
  test("on a payment that was announced as failed is an alarm", () => {
    const outcomes = new Map([[1, "failed" as const]]);
    expect(judged({ receipts: [mined(log)] }, { outcomes })).toMatchObject({
      reason: "paid_after_failed",
    });
  });
});

describe("COMPLETE", () => {
  test("without any transaction, or without the log in it, is a contradiction", () => {
    for (const receipts of [[], [mined()]]) {
      expect(judged({ circleState: "COMPLETE", receipts })).toMatchObject({
        kind: "doubt",
        reason: "transfer_without_log",
      });
    }
  });
  test("waits for a node that does not know its transaction yet", () => {
    expect(judged({ circleState: "COMPLETE", receipts: [{ kind: "unknown" }] }).kind).toBe(
      "ignore",
    );
  });
});

describe("an unpaid end", () => {
  test("is a try, and after the last one the failure", () => {
    expect(judged({ end, search })).toEqual({ kind: "retry", tries: 1, delayMs: 2_000 });
    expect(judged({ end, search }, { tries: 1 })).toEqual({
      kind: "retry",
      tries: 2,
      delayMs: 4_000,
    });
    expect(judged({ end, search }, { tries: 2 })).toMatchObject({
      kind: "fail",
      tries: 3,
      failure: { code: "attempts_exhausted" },
      voidTxHash: null,
    });
  });
  test("for want of funds is no try", () => {
    const capacity = { ...end, isCapacity: true };
    expect(judged({ end: capacity, search }, { tries: 2 }).kind).toBe("wait");
  });
  test("is not believed while a transaction that Circle named may be mined", () => {
    expect(judged({ end, search, receipts: [{ kind: "unknown" }] }).kind).toBe("ignore");
  });
  test("is not believed before the chain was searched some blocks beyond it", () => {
    const early = { ...search, upTo: new Date(endedAt.getTime() + 1_999) };
    expect(judged({ end, search: early }).kind).toBe("ignore");
    expect(judged({ end, search: null }).kind).toBe("ignore");
  });
  test("against a transfer on chain that proves nothing else is a contradiction", () => {
    expect(judged({ end, search: stray })).toMatchObject({ reason: "transfer_despite_end" });
  });
  test("against a transfer that may be another payment's waits for that one", () => {
    expect(judged({ end, search: stray, hasRival: true }).kind).toBe("ignore");
  });
  test("against one that is another payment's is believed", () => {
    const claimed = new Set(["0x2:3"]);
    expect(judged({ end, search: stray, claimed }).kind).toBe("retry");
  });
  test("proves nothing where the search did not reach back to the send, or before a restore", () => {
    const part = { ...search, isComplete: false };
    expect(judged({ end, search: part })).toEqual({
      kind: "unproven",
      reason: "transfer_unsearchable",
    });
    expect(judged({ end, search }, { beforeRestore: true })).toEqual({
      kind: "unproven",
      reason: "before_restore",
    });
  });
  test("ends nothing while a restore is open", () => {
    expect(judged({ end, search }, { isRestoring: true }).kind).toBe("ignore");
  });
  test("fails nobody while a POST was never answered", () => {
    const unanswered = { end, search, everyPostAnswered: false };
    expect(judged(unanswered, { tries: 2 })).toEqual({
      kind: "unproven",
      reason: "transfer_unanswered",
    });
    expect(judged(unanswered, { tries: 1 }).kind).toBe("retry");
  });
  test("ends a doubt by failing: nothing is sent again from review", () => {
    expect(judged({ end, search }, { state: "review" }).kind).toBe("fail");
  });
});

const states = ["accepted", "planned", "voiding", "review", "completed", "failed"] as const;
const anyLog = fc.record({
  payer: fc.constantFrom(terms.payer, addressOf("other")),
  token: fc.constantFrom(terms.token, addressOf("EURC")),
  recipient: fc.constantFrom(terms.recipient, addressOf("other")),
  amount: fc.constantFrom(terms.amount, 1n),
  txHash: fc.constantFrom("0x1", "0x2"),
  logIndex: fc.nat(2),
  blockNumber: fc.constant(7n),
});
const anyReceipt = fc.oneof(
  fc.constant({ kind: "unknown" as const }),
  fc.constant({ kind: "reverted" as const }),
  fc.array(anyLog, { maxLength: 2 }).map((transfers) => ({ kind: "mined" as const, transfers })),
);
const anyEvidence: fc.Arbitrary<TransferEvidence> = fc.record({
  receipts: fc.array(anyReceipt, { maxLength: 2 }),
  circleState: fc.constantFrom(null, "SENT", "COMPLETE", "FAILED"),
  end: fc.option(fc.record({ ...constants(end), isCapacity: fc.boolean() }), { nil: null }),
  search: fc.option(
    fc.record({
      found: fc.array(
        anyLog.map((each) => ({ ...each, ...terms })),
        { maxLength: 2 },
      ),
      upTo: fc.integer({ min: -5_000, max: 5_000 }).map((ms) => new Date(endedAt.getTime() + ms)),
      isComplete: fc.boolean(),
    }),
    { nil: null },
  ),
  claimed: fc.array(fc.constantFrom("0x1:0", "0x1:1", "0x2:0")).map((keys) => new Set(keys)),
  hasRival: fc.boolean(),
  everyPostAnswered: fc.boolean(),
});
const anyFacts = fc
  .record({
    state: fc.constantFrom(...states),
    tries: fc.nat(3),
    beforeRestore: fc.boolean(),
    doubtReason: fc.constantFrom(null, "transfer_without_log"),
  })
  .map(facts);

test("whatever Circle and the chain say: completed only by one log of ours alone, sent again or failed only without any", () => {
  fc.assert(
    fc.property(anyFacts, anyEvidence, (about, evidence) => {
      const verdict = judgeTransfer(about, evidence, policy);
      const logs = evidence.receipts.flatMap((each) =>
        each.kind === "mined" ? each.transfers : [],
      );
      const proofs = logs.filter((each) => provesTerms(each, terms));
      if (about.state !== "planned" && about.state !== "review") {
        expect(verdict.kind).toBe("ignore");
      }
      if (verdict.kind === "complete") {
        expect(proofs).toHaveLength(1);
        expect(proofs.some((proof) => evidence.claimed.has(logKey(proof)))).toBe(false);
      }
      if (["retry", "wait", "fail"].includes(verdict.kind)) {
        expect(proofs).toEqual([]);
        expect(logs.some(({ payer }) => payer === terms.payer)).toBe(false);
        expect(evidence.receipts.some(({ kind }) => kind === "unknown")).toBe(false);
        expect(evidence.search?.found.every((each) => evidence.claimed.has(logKey(each)))).toBe(
          true,
        );
        expect(evidence.search?.isComplete).toBe(true);
        expect(about.beforeRestore).toBe(false);
        expect(evidence.end).not.toBeNull();
      }
      if (verdict.kind === "fail") expect(evidence.everyPostAnswered).toBe(true);
      if (about.state === "review") expect(["retry", "wait"]).not.toContain(verdict.kind);
    }),
    { numRuns: 5_000 },
  );
});

function constants<T extends object>(of: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(
    Object.entries(of).map(([name, value]) => [name, fc.constant(value)]),
  ) as { [K in keyof T]: fc.Arbitrary<T[K]> };
}
