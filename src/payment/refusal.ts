import type { Micros } from "./money.ts";
import type { RefusalReason } from "./pay-once-log.ts";

/**
 * Why a transfer was refused, as far as it decides what happens next.
 * - `recipient_blocked`: a definite no, until the issuer or the directory changes something;
 * - `payer_blocked`, `funds`: the platform's side; capacity, never a try;
 * - `unknown`: certain all the same that nothing moved: a try.
 */
export type RefusalCause = "recipient_blocked" | "payer_blocked" | "funds" | "unknown";

/** What the token answered when asked again; undefined: not asked, or it did not answer. */
export interface TokenAnswers {
  readonly recipientBlocked?: boolean | undefined;
  readonly payerBlocked?: boolean | undefined;
  /** min(balance, allowance) of the payer. */
  readonly available?: Micros | undefined;
}

/** "Blocked address" (Arc), "Blacklistable: account is blacklisted" (Circle's FiatToken elsewhere). */
const BLOCKED = /block|blacklist/i;
/** Texts of Arc, FiatToken and older ERC-20s, and the selectors of OpenZeppelin's two custom errors. */
const UNFUNDED = /insufficient|exceeds (balance|allowance)|^0xe450d38c|^0xfb8f41b2/i;

export function looksBlocked(reason: RefusalReason): boolean {
  return BLOCKED.test(reason.text);
}

/**
 * The answers decide; the text only says what to ask, because a token may word it anyhow. Without an answer the text is
 * believed about funds (the worse failure is a late payment) but not about blocking (it would fail the worker for good).
 */
export function refusalCause(
  reason: RefusalReason,
  amount: Micros,
  answers: TokenAnswers,
): RefusalCause {
  if (looksBlocked(reason)) {
    if (answers.recipientBlocked) return "recipient_blocked";
    if (answers.payerBlocked) return "payer_blocked";
    return "unknown";
  }
  if (answers.available === undefined) return UNFUNDED.test(reason.text) ? "funds" : "unknown";
  return answers.available < amount ? "funds" : "unknown";
}
