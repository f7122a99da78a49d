/** A payment's state; `docs/payment-states.md` draws it. A waiting payment keeps its state. */
export const PAYMENT_STATES = [
  "accepted",
  "planned",
  "voiding",
  "review",
  "completed",
  "failed",
] as const;
export type PaymentState = (typeof PAYMENT_STATES)[number];

/** What dispatch sends for a payment that is not terminal: review keeps sending what its doubt came from. */
export type Intent = "pay" | "void";

export const FAILURE_CODES = [
  "task_not_found",
  "worker_mismatch",
  "task_not_completed",
  "task_already_paid",
  "amount_out_of_range",
  "amount_mismatch",
  "currency_unsupported",
  "wallet_not_found",
  "wallet_invalid",
  "wallet_blocked",
  "payer_wallet_unknown",
  "risk_rejected",
  "transfer_denied",
  "transfer_reverted",
  "attempts_exhausted",
  "cancelled_by_operator",
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

export interface Failure {
  readonly code: FailureCode;
  /** One sentence that says what happened and what to do. */
  readonly message: string;
  /** Whether an operator's retry can succeed once the cause is mended. */
  readonly retryable: boolean;
}
