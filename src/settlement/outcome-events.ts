import assert from "node:assert/strict";
import { isCurrency } from "../payment/currency.ts";
import type { PaymentCompleted, PaymentFailed } from "../payment/events.ts";
import { eventIdOf } from "../payment/ids.ts";
import type { Draft } from "./draft.ts";
import type { Instance } from "./load-ledger.ts";

/** The event of a payment that has just been completed. */
export function completedEvent(draft: Draft, instance: Instance): PaymentCompleted {
  const { terms, fee, rail, completedBy, blockNumber, settledAt, currency } = draft;
  assert(draft.state === "completed" && settledAt && terms && completedBy, "not completed");
  assert(fee !== null && rail && blockNumber !== null && isCurrency(currency), "without terms");
  return {
    ...identityOf(draft, settledAt, "completed"),
    fee,
    netAmount: terms.amount,
    currency,
    rail,
    chainId: instance.chainId,
    txHash: completedBy.txHash,
    blockNumber,
    logIndex: completedBy.logIndex,
    circleTransactionId: draft.circleTransactionId,
    // Those that did not pay, and the one that did.
    attempts: draft.tries + 1,
    // A platform's clock may be ahead of ours.
    latencyMs: Math.max(0, settledAt.getTime() - draft.occurredAt.getTime()),
  };
}

/** The event of a payment that has just been failed by the chain. */
export function failedEvent(draft: Draft): PaymentFailed {
  const { failure, settledAt } = draft;
  assert(draft.state === "failed" && settledAt && failure, "not failed");
  return {
    ...identityOf(draft, settledAt, "failed"),
    currency: draft.currency,
    code: failure.code,
    message: failure.message,
    retryable: failure.retryable,
    attempts: draft.tries,
    voidTxHash: draft.voidTxHash,
  };
}

function identityOf(draft: Draft, settledAt: Date, kind: "completed" | "failed") {
  return {
    eventId: eventIdOf(draft.id, draft.generation, kind),
    occurredAt: settledAt,
    paymentId: draft.id,
    generation: draft.generation,
    sourceEventId: draft.sourceEventId,
    taskId: draft.taskId,
    workerId: draft.workerId,
    platformId: draft.platformId,
    amount: draft.amount,
  };
}
