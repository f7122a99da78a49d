import assert from "node:assert/strict";
import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { requestVoid } from "../dispatch/request-void.ts";
import { NO_CONTRACT } from "../payment/method.ts";
import { getPayment } from "../queries/get-payment.ts";
import { confirmPaid } from "./confirm-paid.ts";
import { confirmTransfer } from "./confirm-transfer.ts";
import { notInReview } from "./lock-review.ts";
import { generationMismatch, NOT_FOUND, refused, type OperatorAnswer } from "./operator-answer.ts";
import { recheckReview } from "./recheck-review.ts";
import type { ReviewDeps, ReviewRequest } from "./review-deps.ts";

/**
 * - `recheck`: look now;
 * - `cancel`: have it voided on chain, and failed once that is followed, unless it was paid first; of a planned one too;
 * - `confirm_paid`: this transaction paid it, which the service proves for itself.
 */
export type Decision =
  | { readonly kind: "recheck" }
  | { readonly kind: "cancel" }
  | { readonly kind: "confirm_paid"; readonly txHash: string };

/**
 * An operator's decision about a payment in review. Evidence alone settles it: there is no override. Applied twice it
 * changes once. Throws `PaymentError` CHAIN_* and DATABASE_* where a part did not answer.
 */
export async function resolveReview(
  deps: ReviewDeps,
  request: ReviewRequest,
  decision: Decision,
): Promise<OperatorAnswer> {
  const answer = await decide(deps, request, decision);
  if (answer.kind === "refused") return answer;
  const payment = await askDatabase(() => getPayment(deps.settle.pool, request.paymentId));
  assert(payment, "payments are never deleted");
  return { kind: "done", payment, checks: answer.checks };
}

async function decide(deps: ReviewDeps, request: ReviewRequest, decision: Decision) {
  switch (decision.kind) {
    case "recheck":
      return recheckReview(deps, request);
    case "confirm_paid":
      return deps.settle.instance.payOnce === NO_CONTRACT
        ? confirmTransfer(deps, request, decision.txHash)
        : confirmPaid(deps, request, decision.txHash);
    case "cancel":
      return cancel(deps, request);
  }
}

async function cancel({ dispatch, settle }: ReviewDeps, request: ReviewRequest) {
  // A void would only be skipped: what is paid stays paid.
  if (await isPaid(settle.pool, request.paymentId)) return PAID;
  const answer = await requestVoid(dispatch, request);
  switch (answer.kind) {
    case "voiding":
      return { kind: "done", checks: [] } as const;
    case "not_found":
      return NOT_FOUND;
    case "generation_mismatch":
      return generationMismatch(answer.generation);
    case "refused_by_method":
      return NO_VOID;
    case "refused_by_state":
      return notInReview(answer.state, request.expectedGeneration);
  }
}

const PAID = refused(
  "task_already_paid",
  "The chain has a Paid of this payment, which no void undoes: see what it says with gigpay verify.",
);

const NO_VOID = refused(
  "transfer_has_no_void",
  "A plain transfer cannot be closed on chain: it ends when Circle's answer is known. Cancel it in Circle's console if it is still queued there.",
);

const paidRow = z.object({ paid: z.boolean() });

async function isPaid(pool: Database, paymentId: string): Promise<boolean> {
  const { paid } = await askDatabase(() =>
    pool.one(sql.type(paidRow)`
      SELECT EXISTS (SELECT FROM chain_events WHERE payment_id = ${paymentId}::uuid AND kind = 'paid') AS paid
    `),
  );
  return paid;
}
