import type { Failure } from "./state.ts";

/** Why a send moved nothing: its receipt says reverted, or its provider ended it unpaid. */
export interface SendEnd {
  readonly outcome: "reverted" | "dead";
  readonly code: string;
  readonly detail: string;
}

/** Why the last of so many tries failed; what an operator's retry can hope for. */
export function failureAfter(end: SendEnd, tries: number): Failure {
  const after = `after ${tries} ${tries === 1 ? "try" : "tries"}`;
  if (end.outcome === "reverted") {
    const message = `The transfer reverted on chain ${after}; retry once the cause is mended.`;
    return { code: "transfer_reverted", message, retryable: true };
  }
  const reason = [end.code, end.detail].filter(Boolean).join(": ");
  if (/denied/i.test(end.code)) {
    const message = `The provider denied the transfer ${after} (${reason}); its screening must be cleared first.`;
    return { code: "transfer_denied", message, retryable: false };
  }
  const message = `The provider ended every transfer unpaid, ${after} (${reason}); retry once the cause is mended.`;
  return { code: "attempts_exhausted", message, retryable: true };
}
