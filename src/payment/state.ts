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

/**
 * What a failure says about this service. `rejected`: a definite no of the business, as it should be; `failed`: a payment that
 * should have gone through and did not.
 */
export type FailureKind = "rejected" | "failed";
export const FAILURE_KINDS: Readonly<Record<FailureCode, FailureKind>> = {
  task_not_found: "rejected",
  worker_mismatch: "rejected",
  task_not_completed: "rejected",
  task_already_paid: "rejected",
  amount_out_of_range: "rejected",
  amount_mismatch: "rejected",
  currency_unsupported: "rejected",
  wallet_not_found: "rejected",
  wallet_invalid: "rejected",
  wallet_blocked: "rejected",
  payer_wallet_unknown: "rejected",
  risk_rejected: "rejected",
  transfer_denied: "failed",
  transfer_reverted: "failed",
  attempts_exhausted: "failed",
  cancelled_by_operator: "rejected",
};

export interface Failure {
  readonly code: FailureCode;
  /** One sentence that says what happened and what to do. */
  readonly message: string;
  /** Whether an operator's retry can succeed once the cause is mended. */
  readonly retryable: boolean;
}
