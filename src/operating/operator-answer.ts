import type { PaymentDetail } from "../queries/get-payment.ts";
import type { PaymentState } from "../payment/state.ts";

/** One thing that was looked at before a claim was believed. */
export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
  readonly passed: boolean;
}

/** Why an operator's wish was refused; nothing was changed. */
export interface Problem {
  readonly code:
    | "not_found"
    | "generation_mismatch"
    | "payment_not_failed"
    | "payment_not_in_review"
    | "would_fail_again"
    | "task_already_paid"
    | "before_restore"
    | "transfer_has_no_void"
    | "evidence_rejected";
  /** One sentence that says what is the matter and what to do. */
  readonly detail: string;
  /** Where the payment stands; null where there is none. */
  readonly state: PaymentState | null;
  readonly generation: number | null;
  readonly checks: readonly Check[];
}

export type OperatorAnswer =
  | {
      readonly kind: "done";
      /** As it stands now. */
      readonly payment: PaymentDetail;
      /** What was looked at, where something was. */
      readonly checks: readonly Check[];
    }
  | { readonly kind: "refused"; readonly problem: Problem };

export function refused(
  code: Problem["code"],
  detail: string,
  more: Partial<Problem> = {},
): { readonly kind: "refused"; readonly problem: Problem } {
  const nothing = { state: null, generation: null, checks: [] };
  return { kind: "refused", problem: { code, detail, ...nothing, ...more } };
}

export const NOT_FOUND = refused("not_found", "There is no such payment.");

export function generationMismatch(generation: number) {
  const detail = `The payment is in generation ${generation} by now: look at it again, then decide.`;
  return refused("generation_mismatch", detail, { generation });
}
