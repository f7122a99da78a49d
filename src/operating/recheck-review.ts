import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { refOf } from "../payment/ids.ts";
import { NO_CONTRACT } from "../payment/method.ts";
import type { FoundPaid } from "../payment/pay-once-log.ts";
import { adoptWithin } from "../settlement/adopt-stored.ts";
import { loadCursor, type Cursor } from "../settlement/cursor.ts";
import { settleFound } from "../settlement/settle-found.ts";
import { announceSettled, type Settled } from "../settlement/settle-logs.ts";
import { auditReview, lockReview, readReview } from "./lock-review.ts";
import type { Check, OperatorAnswer } from "./operator-answer.ts";
import type { ReviewDeps, ReviewRequest } from "./review-deps.ts";

type Refusal = Extract<OperatorAnswer, { kind: "refused" }>;

/**
 * Looks now: for a Paid on chain, at all evidence that is stored, and has what is to be sent sent at once. What it finds
 * settles the payment as ever; what it does not find changes nothing about the doubt.
 */
export async function recheckReview(
  deps: ReviewDeps,
  request: ReviewRequest,
): Promise<Refusal | { readonly kind: "done"; readonly checks: readonly Check[] }> {
  const { settle, chain } = deps;
  const head = await chain.headNumber();
  const hasInstance = settle.instance.payOnce !== NO_CONTRACT;
  const paid = hasInstance ? await chain.findPaid(refOf(request.paymentId), head) : undefined;
  const cursor = await loadCursor(settle.pool, settle.instance);
  const outcome = await transact<readonly Settled[] | Refusal>(settle.pool, async (tx) => {
    const before = await lockReview(tx, request);
    if ("kind" in before) return before;
    const settled: Settled[] = [];
    if (paid && isFollowed(paid, cursor)) {
      settled.push(await settleFound(tx, settle, { header: paid.header, logs: [paid.log] }));
    }
    settled.push(await adoptWithin(tx, settle, [request.paymentId]));
    await sendAtOnce(tx, request);
    const after = await readReview(tx, request.paymentId);
    await auditReview(tx, "payment.rechecked", request, { before, after });
    return settled;
  });
  if ("kind" in outcome) return outcome;
  for (const settled of outcome) announceSettled(settle, settled);
  deps.dispatch.wake.ring();
  return { kind: "done", checks: [paidCheck(paid, head, cursor)] };
}

/** What travels already is left to travel. */
async function sendAtOnce(tx: Transaction, request: ReviewRequest): Promise<void> {
  await tx.query(sql.type(anyRow)`
    UPDATE payments
    SET last_checked_at = payment_now(),
      next_attempt_at = CASE WHEN intent IS NOT NULL AND transaction_id IS NULL THEN payment_now() ELSE next_attempt_at END
    WHERE id = ${request.paymentId}::uuid AND state = 'review' AND generation = ${request.expectedGeneration}
  `);
}

/** What lies beyond the cursor is settled by following, in its order, and soon. */
function isFollowed(paid: FoundPaid, cursor: Cursor | undefined): boolean {
  return cursor !== undefined && paid.header.number <= cursor.number;
}

function paidCheck(paid: FoundPaid | undefined, head: bigint, cursor: Cursor | undefined): Check {
  const expected = "a Paid of this payment on chain";
  if (!paid)
    return { name: "paid_log", expected, actual: `none up to block ${head}`, passed: false };
  const { number } = paid.header;
  const followed = isFollowed(paid, cursor) ? "followed" : "not followed yet";
  const actual = `Paid in block ${number} by ${paid.log.txHash}, ${followed}`;
  return { name: "paid_log", expected, actual, passed: true };
}
