import { paymentIdOf } from "../../src/payment/ids.ts";
import type { Draft } from "../../src/settlement/draft.ts";
import { addressOf } from "../support/seed.ts";

const TOKEN = addressOf("USDC");

/** A planned payment of 50.00 that was never sent, as it is read under its lock. */
export function plannedDraft(taskId: string, changes: Partial<Draft> = {}): Draft {
  const terms = {
    payer: addressOf("acme"),
    token: TOKEN,
    recipient: addressOf(taskId),
    amount: 49_500_000n,
  };
  return {
    id: paymentIdOf("acme", taskId),
    platformId: "acme",
    taskId,
    workerId: `worker-${taskId}`,
    currency: "USDC",
    sourceEventId: `event-${taskId}`,
    traceparent: null,
    occurredAt: new Date(0),
    state: "planned",
    generation: 1,
    intent: "pay",
    tries: 0,
    amount: 50_000_000n,
    fee: 500_000n,
    terms,
    termsByGeneration: new Map([[1, terms]]),
    outcomes: new Map(),
    completedBy: null,
    failure: null,
    doubtReason: null,
    isRestoring: false,
    beforeRestore: false,
    currencyToken: TOKEN,
    rail: "arc",
    transactionId: null,
    nextAttemptAt: null,
    reviewAt: null,
    doubtSince: null,
    operator: null,
    blockNumber: null,
    circleTransactionId: null,
    voidTxHash: null,
    voidWantedAt: null,
    submittedAt: null,
    followedAt: null,
    logsReadAt: null,
    settledAt: null,
    ...changes,
  };
}
