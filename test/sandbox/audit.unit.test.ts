import { expect, test } from "vitest";
import { audit, isBalanced, type Evidence } from "../../sandbox/audit/audit.ts";
import type { OutcomeEvent } from "../../sandbox/audit/read-events.ts";
import { createLedger, type PublishedTask } from "../../sandbox/traffic/ledger.ts";

const USDC = "0xusdc";
const task = (n: number): PublishedTask => ({
  eventId: `event-${n}`,
  taskId: `task-${n}`,
  workerId: "worker-1",
  platformId: "platform-1",
  wallet: "0xworker",
  payer: "0xpayer",
  currency: "USDC",
  amount: BigInt(n),
  netAmount: BigInt(n),
  occurredAtMs: 0,
  expected: "completed",
});
const transfer = (n: number) => ({
  token: USDC,
  from: "0xpayer",
  to: "0xworker",
  amount: BigInt(n),
  txHash: `0x${n}`,
  logIndex: 0,
});
const outcome = (n: number, over: Partial<OutcomeEvent> = {}): OutcomeEvent => ({
  kind: "completed",
  eventId: `outcome-${n}`,
  paymentId: `payment-${n}`,
  generation: 1,
  platformId: "platform-1",
  taskId: `task-${n}`,
  workerId: "worker-1",
  netAmount: BigInt(n),
  txHash: `0x${n}`,
  code: null,
  arrivedAtMs: 1_000,
  ...over,
});
const failure = (n: number): OutcomeEvent =>
  outcome(n, {
    kind: "failed",
    eventId: `failure-${n}`,
    netAmount: null,
    txHash: null,
    code: "attempts_exhausted",
  });

function judge(evidence: Partial<Evidence>, tasks = [task(1), task(2)]) {
  const ledger = createLedger();
  for (const each of tasks) ledger.record(each);
  return audit({
    tasks: ledger.tasks,
    transfers: [],
    outcomes: [],
    deadLetters: 0,
    tokens: { USDC, EURC: "0xeurc" },
    ...evidence,
  });
}

test("a paid, a failed and a twice published outcome balance", () => {
  const verdict = judge({
    transfers: [transfer(1)],
    outcomes: [outcome(1), outcome(1), failure(2)],
  });
  expect(verdict).toMatchObject({ published: 2, completed: 1, failed: 1, offenders: [] });
  expect(isBalanced(verdict)).toBe(true);
});

const faults: readonly [string, Partial<Evidence>, Record<string, number>][] = [
  [
    "two transfers for one task are a double payment",
    { transfers: [transfer(1), transfer(1)], outcomes: [outcome(1), failure(2)] },
    { paidTwice: 1 },
  ],
  ["a task without outcome or transfer is lost", { outcomes: [failure(2)] }, { lost: 1 }],
  [
    "completed without a transfer is lost",
    { outcomes: [outcome(1), failure(2)] },
    { lost: 1, completed: 1 },
  ],
  [
    "money for no task is a fault",
    { transfers: [transfer(9)], outcomes: [failure(1), failure(2)] },
    { lost: 1 },
  ],
  [
    "failed, yet paid, is the broken promise",
    { transfers: [transfer(1)], outcomes: [failure(1), failure(2)] },
    { failedButPaid: 1, contradicting: 0 },
  ],
  [
    "both outcomes for one generation contradict",
    { transfers: [transfer(1)], outcomes: [outcome(1), failure(1), failure(2)] },
    { contradicting: 1 },
  ],
  [
    "one event id with two contents contradicts",
    {
      transfers: [transfer(1)],
      outcomes: [outcome(1), outcome(1, { txHash: "0xother" }), failure(2)],
    },
    { contradicting: 1 },
  ],
  [
    "paid without an outcome is left open",
    { transfers: [transfer(1)], outcomes: [failure(2)] },
    { review: 1 },
  ],
];

test("what may not be paid, and was, is a fault whatever is said of it", () => {
  const forbidden = { ...task(1), expected: "failed" } as const;
  const verdict = judge({ transfers: [transfer(1)], outcomes: [outcome(1)] }, [forbidden]);
  expect(verdict).toMatchObject({ failedButPaid: 1 });
  expect(isBalanced(verdict)).toBe(false);
});

test.each(faults)("%s", (_title, evidence, expected) => {
  const verdict = judge(evidence);
  expect(verdict).toMatchObject(expected);
  expect(isBalanced(verdict)).toBe(false);
});
