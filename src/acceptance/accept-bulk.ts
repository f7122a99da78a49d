import { PaymentError } from "../errors.ts";
import { bulkIdOf } from "../payment/ids.ts";
import { payloadHashOf } from "../payment/sameness.ts";
import type { Submission, SubmissionResult } from "../payment/submission.ts";
import { checkSubmission, type Objection } from "./check-submission.ts";

export interface BulkRequest {
  /** 1 to 500, in the caller's order; one that could not be read keeps its place and is rejected with its own words. */
  readonly items: readonly Submission["decoded"][];
  /** A UUID; made from the items where none is given, so that the same list has the same one. */
  readonly bulkId?: string | undefined;
  /** W3C trace context. */
  readonly traceparent?: string | undefined;
}

export interface BulkItemResult {
  /** The item's place in the request, from 0. */
  readonly index: number;
  /** `accepted`: this item made a payment; `duplicate`: it was there, and nothing was done; `rejected`: no payment. */
  readonly status: "accepted" | "duplicate" | "rejected";
  /** Of a rejected item: the payment that it contradicts, where there is one. */
  readonly paymentId: string | null;
  /** What keeps it from being paid: why it was rejected, or why its payment has failed. Null: nothing so far. */
  readonly problem: Objection | null;
}

export interface BulkResult {
  readonly bulkId: string;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** One per item, in order. */
  readonly results: readonly BulkItemResult[];
}

/** One commit's worth; as many as GigStream's API took. */
const BULK_ITEMS_MAX = 500;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * GigStream's executeBulkPayments: every item goes through the one accept commit by itself, whatever becomes of its
 * neighbours. Repeating the call is safe: what was accepted is a duplicate then, and keeps the bulk it came with.
 * Throws OPERATION_REFUSED (reject) for a list that is empty or too long and a bulkId that is no UUID, before anything
 * is stored; otherwise what `accept` throws: the same call may be made again, also after doubt.
 */
export async function acceptBulk(
  accept: (submissions: readonly Submission[]) => Promise<readonly SubmissionResult[]>,
  request: BulkRequest,
): Promise<BulkResult> {
  const { items, traceparent } = request;
  assertSize(items.length);
  const bulkId = request.bulkId ?? bulkIdOf(items.map(fingerprint));
  if (!UUID.test(bulkId)) throw refused(`bulkId ${JSON.stringify(bulkId)} is not a UUID.`);
  const receivedAtMs = performance.now();
  const submissions = items.map((decoded): Submission => ({
    source: { kind: "http" },
    origin: "live",
    receivedAtMs,
    bulkId,
    traceparent,
    decoded,
  }));
  const results = (await accept(submissions)).map(itemResult);
  const count = (wanted: BulkItemResult["status"]) =>
    results.filter(({ status }) => status === wanted).length;
  return {
    bulkId,
    accepted: count("accepted"),
    duplicates: count("duplicate"),
    rejected: count("rejected"),
    results,
  };
}

function assertSize(count: number): void {
  if (count === 0) throw refused("A bulk needs at least one item.");
  if (count <= BULK_ITEMS_MAX) return;
  throw refused(`A bulk takes at most ${BULK_ITEMS_MAX} items, not ${count}: send it in parts.`);
}

/** Equal exactly for what counts as the same item. */
function fingerprint(decoded: Submission["decoded"]): string {
  const checked = checkSubmission({ decoded });
  return checked.ok ? payloadHashOf(checked.candidate).toString("hex") : checked.objection.message;
}

function itemResult(result: SubmissionResult, index: number): BulkItemResult {
  const { paymentId } = result;
  switch (result.verdict) {
    case "new":
    case "duplicate": {
      const status = result.verdict === "new" ? "accepted" : "duplicate";
      return { index, status, paymentId, problem: problemOf(result.failure) };
    }
    case "conflict":
    case "dead_letter": {
      const { code, message, field } = result;
      return { index, status: "rejected", paymentId, problem: { code, message, field } };
    }
  }
}

function problemOf(failure: { code: string; message: string } | null): Objection | null {
  return failure && { code: failure.code, message: failure.message, field: null };
}

function refused(message: string): PaymentError {
  return new PaymentError("OPERATION_REFUSED", "reject", message);
}
