import { sql, type CommonQueryMethods } from "slonik";
import { liveRow, type LiveEvent } from "./live-event.ts";

/** Of each kind; under more load hints are left out, and what a payment came to is not. */
const HINTS_MAX = 500;

const payment = sql.fragment`
  p.id AS "paymentId", p.generation, p.platform_id AS "platformId", p.worker_id AS "workerId", p.task_id AS "taskId",
  p.amount, p.currency, p.fee, p.net_amount AS "netAmount", NULL::text AS "txHash", NULL::bigint AS "latencyMs",
  NULL::text AS "failureCode", NULL::text AS "failureMessage", NULL::boolean AS "failureRetryable"`;

/**
 * What has moved since a moment: accepted and planned by the index of times, sent by the sends that are open, review by
 * the index of doubts. No stage is told to say so, and nothing is asked while nobody listens; a state that lasts
 * shorter than the time between two looks goes unseen. In the order of time; the same may be told twice.
 */
export async function readHints(
  db: CommonQueryMethods,
  since: Date,
): Promise<readonly LiveEvent[]> {
  const after = sql.fragment`${since.toISOString()}::timestamptz`;
  const untold = sql.fragment`NULL::bigint AS number, NULL::uuid AS "eventId"`;
  return db.any(sql.prepared("live-hints", liveRow)`
    WITH fresh AS MATERIALIZED (
      SELECT id FROM payments WHERE accepted_at > ${after} ORDER BY accepted_at DESC, id DESC LIMIT ${HINTS_MAX}
    ), sent AS MATERIALIZED (
      SELECT i.payment_id AS id, i.generation, t.created_at FROM transactions t
      JOIN transaction_items i ON i.transaction_id = t.id
      WHERE t.state = 'open' AND t.kind = 'pay' AND t.created_at > ${after}
      ORDER BY t.created_at DESC LIMIT ${HINTS_MAX}
    ), doubted AS MATERIALIZED (
      SELECT id FROM payments WHERE state = 'review' AND doubt_since > ${after} ORDER BY doubt_since DESC LIMIT ${HINTS_MAX}
    )
    SELECT ${untold}, 'payment.accepted' AS type, p.accepted_at AS at, ${payment}, NULL::text AS "doubtReason"
    FROM fresh JOIN payments p USING (id)
    UNION ALL
    SELECT ${untold}, 'payment.planned', p.planned_at, ${payment}, NULL
    FROM (SELECT id FROM fresh UNION SELECT id FROM sent) moved JOIN payments p USING (id) WHERE p.planned_at > ${after}
    UNION ALL
    SELECT ${untold}, 'payment.sent', sent.created_at, ${payment}, NULL
    FROM sent JOIN payments p ON p.id = sent.id AND p.generation = sent.generation
    UNION ALL
    SELECT ${untold}, 'payment.review', p.doubt_since, ${payment}, p.doubt_reason
    FROM doubted JOIN payments p USING (id)
    ORDER BY at, type
  `);
}
