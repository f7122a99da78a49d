import type { DoubtReason } from "./evidence.ts";

/** Doubt for want of evidence; the others are evidence that contradicts this service. */
type UnconfirmedReason = "pay_unconfirmed" | "void_unconfirmed";

const ADVICE: Readonly<Record<DoubtReason | UnconfirmedReason, string>> = {
  pay_unconfirmed:
    "Ends by itself once the provider or the chain is back. It is sent again meanwhile; cancel it only if the worker is no longer owed.",
  void_unconfirmed:
    "Ends by itself once the provider or the chain is back. Its void is sent again meanwhile.",
  paid_contradicts_terms:
    "Paid on chain, but not as planned: suspect a stolen operator key, and revoke it first.",
  paid_after_failed:
    "Paid on chain after it was announced as failed: stop whoever paid it by other means.",
  paid_without_transfer:
    "Paid on chain without the token's own Transfer log: look at the token before anything goes on.",
  paid_log_not_found:
    "The chain says that it was paid, but its Paid log was not found: recheck it, or confirm it with the transaction.",
  voided_after_completed:
    "Voided on chain after it was announced as completed: compare with a restored backup, then verify.",
};

const UNKNOWN = "See docs/playbooks/payment-in-review.md.";

/** A stored reason begins with its code; the words behind it are for a person. */
export function doubtCodeOf(storedReason: string): string {
  return storedReason.split(":", 1)[0] ?? storedReason;
}

/** One sentence for whoever is to resolve it: what it is and what to do. */
export function doubtAdvice(storedReason: string): string {
  const advice: Readonly<Record<string, string>> = ADVICE;
  return advice[doubtCodeOf(storedReason)] ?? UNKNOWN;
}
