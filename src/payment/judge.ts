import type {
  DoubtReason,
  Evidence,
  PaymentFacts,
  PlacedPaid,
  RetryPolicy,
  Terms,
  Verdict,
} from "./evidence.ts";
import type { PaidLog } from "./pay-once-log.ts";
import type { Failure, Intent } from "./state.ts";

/** Funds and blocklists change in seconds at the earliest; dispatch parks the payer after its own look. */
const CAPACITY_DELAY_MS = 1_000;
/** Each look for a missing Paid reads the chain backwards; once a minute is enough for something that cannot happen. */
const MISSING_PAID_DELAY_MS = 60_000;
const GENERATION_MAX = 2_147_483_647n;

const VOIDED_BY_OTHERS: Failure = {
  code: "cancelled_by_operator",
  message:
    "The payment was voided on chain before it was paid. Retry it if the worker is still owed.",
  retryable: true,
};
const RECIPIENT_BLOCKED: Failure = {
  code: "wallet_blocked",
  message:
    "The token's issuer blocks the worker's wallet. Retry once it is unblocked or the worker has another wallet.",
  retryable: true,
};

/** The table of docs/payment-states.md, for everything that the chain can say about one payment. */
export function judge(facts: PaymentFacts, evidence: Evidence, policy: RetryPolicy): Verdict {
  switch (evidence.kind) {
    case "paid":
      return judgePaid(facts, evidence.paid);
    case "refused":
      return judgeRefused(facts, evidence, policy);
    case "skipped":
      return judgeSkipped(facts, evidence);
    case "voided":
      return judgeClosed(facts, evidence.log.generation + 1n, evidence.log.txHash);
  }
}

/** It is stored, and judged again once the restore is closed. */
const WAIT_FOR_OPERATOR = ignore("it waits until an operator has closed the restore");

/** A Paid of any generation is ours: under our instance nobody else can pay. */
function judgePaid(facts: PaymentFacts, paid: PlacedPaid): Verdict {
  const { log } = paid;
  if (facts.state === "completed") {
    const same =
      facts.completedBy?.txHash === log.txHash && facts.completedBy.logIndex === log.logIndex;
    return same
      ? ignore("it is the Paid that completed it")
      : { kind: "alarm", broken: "paid_twice" };
  }
  if (log.transferLogIndex === null) return doubt(facts, "paid_without_transfer");
  const paidIn = Number(log.generation);
  const generation = Math.max(facts.generation, paidIn);
  // A failed payment may turn out paid in a later generation only because a restore forgot that generation.
  const isLater = generation > facts.generation;
  if (facts.state === "failed" && isLater && facts.isRestoring) return WAIT_FOR_OPERATOR;
  const forgotten = facts.beforeRestore && isLater;
  if ((facts.state === "failed" && !forgotten) || facts.outcomes.get(generation) === "failed") {
    return doubt(facts, "paid_after_failed");
  }
  const terms = acceptableTerms(facts, log);
  if (!terms) return facts.isRestoring ? WAIT_FOR_OPERATOR : doubt(facts, "paid_contradicts_terms");
  const announced = facts.outcomes.get(generation) === "completed";
  const broken = facts.outcomes.get(paidIn) === "failed" ? "paid_though_failed" : null;
  return { kind: "complete", generation, terms, paid, announced, broken };
}

/**
 * The terms under which this Paid is ours; undefined where it contradicts them, or could be neither booked nor announced
 * (another currency's token, more than the gross amount): settling that would fail, and stop the cursor for ever.
 */
function acceptableTerms(facts: PaymentFacts, log: PaidLog): Terms | undefined {
  if (log.generation > GENERATION_MAX) return undefined;
  if (log.token !== facts.currencyToken || log.amount <= 0n || log.amount > facts.amount) {
    return undefined;
  }
  const ours = facts.termsByGeneration.get(Number(log.generation)) ?? facts.terms;
  const chains = {
    payer: log.payer,
    token: log.token,
    recipient: log.recipient,
    amount: log.amount,
  };
  if (ours && sameTerms(ours, chains)) return chains;
  return facts.beforeRestore ? chains : undefined;
}

function sameTerms(a: Terms, b: Terms): boolean {
  return (
    a.payer === b.payer &&
    a.token === b.token &&
    a.recipient === b.recipient &&
    a.amount === b.amount
  );
}

function judgeRefused(
  facts: PaymentFacts,
  { log, carried, cause }: Extract<Evidence, { kind: "refused" }>,
  { delaysMs }: RetryPolicy,
): Verdict {
  const current = carried && log.generation === BigInt(facts.generation);
  if (!current) return ignore("a send that no longer counts was refused");
  if (facts.intent !== "pay") return ignore("it is no longer to be paid");
  if (cause === "funds") return wait("the payer's funds or allowance do not suffice");
  if (cause === "payer_blocked") return wait("the token's issuer blocks the payer");
  const tries = facts.tries + 1;
  if (cause === "recipient_blocked") return { kind: "void", tries, failure: RECIPIENT_BLOCKED };
  const delayMs = delaysMs[tries - 1];
  if (delayMs !== undefined) return { kind: "retry", tries, delayMs };
  const message = `The token refused the transfer ${tries} times, at last with "${log.reason.text}". Retry once the cause is mended.`;
  return { kind: "void", tries, failure: { code: "transfer_reverted", message, retryable: true } };
}

function judgeSkipped(
  facts: PaymentFacts,
  { log, paid, voidTxHash }: Extract<Evidence, { kind: "skipped" }>,
): Verdict {
  if (!log.paid) return judgeClosed(facts, log.floor, voidTxHash ?? log.txHash);
  if (facts.state === "completed") return ignore("it is completed");
  if (paid) return judgePaid(facts, paid);
  if (facts.doubtReason === "paid_log_not_found") {
    return { kind: "wait", delayMs: MISSING_PAID_DELAY_MS, why: "its Paid is still not found" };
  }
  return doubt(facts, "paid_log_not_found", facts.intent);
}

/** Everything below `floor` can never be paid again. */
function judgeClosed(facts: PaymentFacts, floor: bigint, voidTxHash: string): Verdict {
  const closed = floor > BigInt(facts.generation);
  switch (facts.state) {
    case "accepted":
      return ignore("nothing is planned; planning looks at the slot");
    case "failed":
      return ignore("it has failed");
    case "completed":
      // Below our generation it is history: a generation that was voided before a later one was paid.
      return closed
        ? { kind: "alarm", broken: "voided_after_paid" }
        : ignore("an older generation");
    case "planned":
    case "voiding":
    case "review":
      if (!closed) return ignore("an older generation");
      if (facts.outcomes.get(facts.generation) === "completed") {
        return doubt(facts, "voided_after_completed");
      }
      return {
        kind: "fail",
        failure: facts.failure ?? VOIDED_BY_OTHERS,
        voidTxHash,
        announced: facts.outcomes.has(facts.generation),
      };
  }
}

function doubt(facts: PaymentFacts, reason: DoubtReason, intent: Intent | null = null): Verdict {
  const known = facts.state === "review" && facts.doubtReason === reason && facts.intent === intent;
  return known ? ignore("in review for just that") : { kind: "doubt", reason, intent };
}

function wait(why: string): Verdict {
  return { kind: "wait", delayMs: CAPACITY_DELAY_MS, why };
}

function ignore(why: string): Verdict {
  return { kind: "ignore", why };
}
