import { sql } from "slonik";
import { anyRow } from "../database/pool.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import type { SendReport } from "./rail.ts";

type PostDeps = Pick<DispatchDeps, "database">;

/**
 * Counts a POST of a transfer's key before it leaves, and says whether it may. Not where Circle's answer is known, not
 * later than an hour after the key's first use, because how long Circle remembers a key is not documented, and not for
 * a payment that was known before a restore: that one may have been paid under a key which Circle has forgotten.
 */
export async function permitPost({ database }: PostDeps, sendId: string): Promise<boolean> {
  const { rowCount } = await database.query(sql.prepared("dispatch-permit-post", anyRow)`
    UPDATE transactions t
    SET posts = posts + 1, first_posted_at = coalesce(first_posted_at, payment_now())
    WHERE id = ${sendId}::uuid AND state = 'open' AND circle_id IS NULL AND provider_end IS NULL
      AND (first_posted_at IS NULL OR first_posted_at > payment_now() - interval '1 hour')
      AND NOT EXISTS (SELECT FROM restores WHERE closed_at IS NULL)
      AND NOT EXISTS (
        SELECT FROM transaction_items i JOIN payments p ON p.id = i.payment_id CROSS JOIN deployment d
        WHERE i.transaction_id = t.id AND least(p.accepted_at, p.occurred_at) < d.restored_at)
  `);
  return rowCount === 1;
}

/**
 * What came of a POST. An accepted one answers every POST of its key that was answered at all; one that was not may still
 * arrive, and stays counted. A refusal says that this POST created nothing; any other answer proves nothing.
 */
export async function notePost(
  { database }: PostDeps,
  sendId: string,
  report: SendReport,
): Promise<void> {
  const isRefusal = report.kind === "refused" || (report.kind === "retry" && report.capacity);
  const isAnswer =
    report.kind === "accepted" || isRefusal || ("answered" in report && report.answered);
  if (!isAnswer) return;
  await database.query(sql.prepared("dispatch-note-post", anyRow)`
    UPDATE transactions SET answers = answers + 1, refusals = refusals + ${isRefusal ? 1 : 0}
    WHERE id = ${sendId}::uuid AND answers < posts
  `);
}

/** Why a transfer ends before Circle ever took it. */
interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly capacity?: true;
}

/** Its key is too old to be repeated, and all that was ever said to it is that there was no room or no money. */
export const KEY_EXPIRED: Refusal = {
  code: "circle_key_expired",
  detail: "an hour of refusals",
  capacity: true,
};

/** Ends a transfer of which every single POST was refused; answers false where one of them may have been taken. */
export async function recordRefusal(
  { database }: PostDeps,
  sendId: string,
  refusal: Refusal,
): Promise<boolean> {
  const { rowCount } = await database.query(sql.prepared("dispatch-record-refusal", anyRow)`
    UPDATE transactions
    SET provider_end = 'refused', provider_ended_at = payment_now(), error_code = ${refusal.code},
        error_detail = ${refusal.detail}, ended_for_capacity = ${refusal.capacity ?? false}
    WHERE id = ${sendId}::uuid AND state = 'open' AND circle_id IS NULL AND refusals = posts AND posts > 0
      AND provider_end IS NULL
  `);
  return rowCount === 1;
}

/** Circle ended the transfer's id unpaid; settlement believes it once the chain agrees. */
export async function recordProviderEnd(
  { database }: PostDeps,
  sendId: string,
  report: Extract<SendReport, { kind: "dead" }>,
): Promise<void> {
  const hash = report.txHash ?? null;
  await database.query(sql.prepared("dispatch-record-end", anyRow)`
    UPDATE transactions
    SET provider_end = 'unpaid', provider_ended_at = coalesce(provider_ended_at, payment_now()),
        error_code = ${report.code}, error_detail = ${report.detail}, ended_for_capacity = ${report.capacity ?? false},
        circle_state = coalesce(${report.circleState ?? null}, circle_state),
        hashes = CASE WHEN ${hash}::text IS NULL OR ${hash}::text = ANY(hashes) THEN hashes
                      ELSE hashes || ${hash}::text END
    WHERE id = ${sendId}::uuid AND state = 'open' AND circle_id IS NOT NULL
  `);
}
