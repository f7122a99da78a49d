import assert from "node:assert/strict";
import type { AcceptanceDeps } from "../acceptance/acceptance-deps.ts";
import { retryPayment, type RetryRequest } from "../acceptance/retry-payment.ts";
import { askDatabase } from "../database/translate-error.ts";
import { getPayment } from "../queries/get-payment.ts";
import { generationMismatch, NOT_FOUND, refused, type OperatorAnswer } from "./operator-answer.ts";

/** GigStream's retryFailedPayment, as CLI and API answer it. Asked twice, it opens one generation. */
export async function retry(deps: AcceptanceDeps, request: RetryRequest): Promise<OperatorAnswer> {
  const result = await retryPayment(deps, request);
  switch (result.kind) {
    case "planned": {
      const payment = await askDatabase(() => getPayment(deps.pool, request.paymentId));
      assert(payment, "payments are never deleted");
      return { kind: "done", payment, checks: [] };
    }
    case "not_found":
      return NOT_FOUND;
    case "generation_mismatch":
      return generationMismatch(result.generation);
    case "not_failed": {
      const { state, generation } = result;
      const detail = `Only a failed payment is retried, and this one is ${state}.`;
      return refused("payment_not_failed", detail, { state, generation });
    }
    case "refused":
      return refused("would_fail_again", result.failure.message, {
        state: "failed",
        generation: request.expectedGeneration,
      });
    case "before_restore": {
      const { generation } = result;
      return refused("before_restore", BEFORE_RESTORE, { state: "failed", generation });
    }
    case "paid_on_chain": {
      const detail =
        "The chain says that it was paid; look at it again: it is settled by that, or goes to review.";
      return refused("task_already_paid", detail);
    }
  }
}

const BEFORE_RESTORE =
  "A plain transfer that failed before a backup was restored is not retried: a later generation may have been paid and forgotten. Look for a transfer to this worker in Circle's console; if there is none, have the task sent anew under another id.";
