import type { DoubtReason, UnprovenReason } from "./evidence.ts";

/** Doubt for want of evidence; the others are evidence that contradicts this service. */
type UnconfirmedReason =
  | "pay_unconfirmed"
  | "void_unconfirmed"
  | "transfer_unconfirmed"
  | UnprovenReason;

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
  transfer_unconfirmed:
    "Ends by itself once Circle or the chain says what became of it. It is never sent under another key: look for it in Circle's console by its refId.",
  transfer_without_log:
    "Circle calls it complete, but the chain has no such transfer: ask Circle, and pay nothing by other means before that.",
  transfer_contradicts_terms:
    "Circle's transaction moved something else than was ordered: suspect a stolen key, and stop the wallet first.",
  transfer_proves_another:
    "Circle names a transfer that paid another payment: ask Circle which order it executed.",
  transfer_despite_end:
    "Circle calls it unpaid, but the chain has a transfer of just these terms: find out who made it before anything is paid again.",
  transfer_unanswered:
    "Every order that Circle answered ended unpaid, but one POST was never answered and may still arrive: wait a day, look for it in Circle's console by its refId.",
  transfer_unsearchable:
    "Circle calls it unpaid, but its order is too old for the chain to be searched back to it: look for the transfer in the explorer.",
  before_restore:
    "It may have been sent before the backup was restored: look for a transfer to this worker in Circle's console.",
  announced_unproven:
    "Our own topic says that it was paid by a transaction that the chain does not confirm as a transfer of its terms: compare the directory's wallets, then confirm it with the right transaction.",
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
