import { transact } from "../database/transact.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import type { FoundTransaction } from "../payment/pay-once-log.ts";
import { loadCursor } from "../settlement/cursor.ts";
import { settleFound } from "../settlement/settle-found.ts";
import { announceSettled, type Settled } from "../settlement/settle-logs.ts";
import { auditReview, lockReview, readReview } from "./lock-review.ts";
import { refused, type Check, type OperatorAnswer } from "./operator-answer.ts";
import { checkPaid } from "./prove-paid.ts";
import type { ReviewDeps, ReviewRequest } from "./review-deps.ts";

type Refusal = Extract<OperatorAnswer, { kind: "refused" }>;

/**
 * An operator says which transaction paid. The service proves it from the chain itself (receipt, our instance's Paid with
 * exactly our terms, the token's Transfer) and then settles it as any evidence: unproven, nothing is changed.
 */
export async function confirmPaid(
  deps: ReviewDeps,
  request: ReviewRequest,
  txHash: string,
): Promise<Refusal | { readonly kind: "done"; readonly checks: readonly Check[] }> {
  const { settle } = deps;
  const found = await deps.chain.findTransaction(txHash);
  const cursor = await loadCursor(settle.pool, settle.instance);
  const checks = await checkPaid(settle, request.paymentId, found, cursor);
  const outcome = await transact<Settled | Refusal, Refusal>(settle.pool, async (tx, rollBack) => {
    const together = found.kind === "mined" ? paymentsOf(found) : [];
    const before = await lockReview(tx, request, together);
    if ("kind" in before) return before;
    if (found.kind !== "mined" || !isProvable(checks)) return unproven(checks);
    const settled = await settleFound(tx, settle, found);
    const after = await readReview(tx, request.paymentId);
    // The last word is settlement's own: it holds the terms of every generation.
    if (after.state !== "completed") return rollBack(unproven(checks));
    await auditReview(tx, "payment.confirmed_paid", request, { before, after, txHash });
    return settled;
  });
  if ("kind" in outcome) return outcome;
  announceSettled(settle, outcome);
  return { kind: "done", checks };
}

/** Terms are for settlement to judge: after a restore the chain's own count. */
function isProvable(checks: readonly Check[]): boolean {
  const needed = new Set(["transaction", "paid_log", "followed", "transfer_log"]);
  return checks.filter(({ name, passed }) => passed && needed.has(name)).length === needed.size;
}

function paymentsOf(found: Extract<FoundTransaction, { kind: "mined" }>): string[] {
  return found.logs.flatMap(({ ref }) => paymentIdOfRef(ref) ?? []);
}

function unproven(checks: readonly Check[]): Refusal {
  const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
  const what = failed.length > 0 ? failed.join(", ") : "settlement";
  const detail = `The transaction does not prove that this payment was paid (${what}): look at the checks.`;
  return refused("evidence_rejected", detail, { checks });
}
