import { sql, type FragmentSqlToken } from "slonik";

export type LedgerMismatch =
  | "completed_without_paid"
  | "completed_under_other_terms"
  | "paid_not_completed"
  | "paid_in_review"
  | "paid_unknown"
  | "paid_twice"
  | "outcome_missing"
  | "outcome_contradicts_state"
  | "failed_though_paid"
  | "failed_without_void"
  | "completed_without_transfer"
  | "transfer_not_completed"
  | "failed_in_doubt"
  | "event_missing"
  | "event_without_outcome"
  | "reputation_missing"
  | "reputation_unearned"
  | "reputation_below_points"
  | "task_not_paid"
  | "task_paid_by_unpaid"
  | "travels_in_closed_send";

/**
 * Each check is one statement, so it sees each settling commit whole or not at all: it may run beside the service.
 * Each answers (payment_id, detail) of what must not exist.
 */
export const LEDGER_CHECKS: Readonly<Record<LedgerMismatch, FragmentSqlToken>> = {
  completed_without_paid: sql.fragment`
    SELECT p.id AS payment_id, 'no Paid stored at ' || p.tx_hash || ' log ' || p.log_index AS detail
    FROM payments p WHERE p.state = 'completed' AND p.method = 'payonce' AND NOT EXISTS (
      SELECT FROM chain_events e WHERE e.kind = 'paid' AND e.payment_id = p.id AND e.chain_id = p.chain_id
        AND e.pay_once = p.pay_once AND e.tx_hash = p.tx_hash AND e.log_index = p.log_index)`,
  completed_under_other_terms: sql.fragment`
    SELECT p.id AS payment_id,
      format('ledger: %s of %s from %s to %s; chain: %s of %s from %s to %s', p.net_amount, p.token, p.payer,
        p.recipient, e.amount_micros / 1000000, e.token, e.payer, e.recipient) AS detail
    FROM payments p JOIN chain_events e
      ON e.payment_id = p.id AND e.kind = 'paid' AND e.tx_hash = p.tx_hash AND e.log_index = p.log_index
    WHERE p.state = 'completed' AND (e.amount_micros <> p.net_amount * 1000000 OR e.payer <> p.payer
      OR e.recipient <> p.recipient OR e.token <> p.token OR e.transfer_log_index IS NULL)`,
  paid_not_completed: sql.fragment`
    SELECT p.id AS payment_id, 'paid by ' || e.tx_hash || ', yet ' || p.state AS detail
    FROM chain_events e JOIN payments p ON p.id = e.payment_id
    WHERE e.kind = 'paid' AND p.state NOT IN ('completed', 'review')`,
  paid_in_review: sql.fragment`
    SELECT p.id AS payment_id, 'paid by ' || e.tx_hash || ', in review: ' || p.doubt_reason AS detail
    FROM chain_events e JOIN payments p ON p.id = e.payment_id
    WHERE e.kind = 'paid' AND p.state = 'review'`,
  paid_unknown: sql.fragment`
    SELECT e.payment_id, 'ref ' || e.ref || ' was paid by ' || e.tx_hash || ', and no payment has it' AS detail
    FROM chain_events e LEFT JOIN payments p ON p.id = e.payment_id
    WHERE e.kind = 'paid' AND p.id IS NULL`,
  paid_twice: sql.fragment`
    SELECT min(e.payment_id::text)::uuid AS payment_id, 'ref ' || e.ref || ' has ' || count(*) || ' Paid logs' AS detail
    FROM chain_events e WHERE e.kind = 'paid' GROUP BY e.chain_id, e.pay_once, e.ref HAVING count(*) > 1`,
  outcome_missing: sql.fragment`
    SELECT p.id AS payment_id, p.state || ' without an outcome of generation ' || p.generation AS detail
    FROM payments p WHERE p.state IN ('completed', 'failed') AND NOT EXISTS (
      SELECT FROM payment_outcomes o WHERE o.payment_id = p.id AND o.generation = p.generation AND o.kind = p.state)`,
  outcome_contradicts_state: sql.fragment`
    SELECT p.id AS payment_id, format('%s, but generation %s %s', p.state, o.generation, o.kind) AS detail
    FROM payment_outcomes o JOIN payments p ON p.id = o.payment_id
    WHERE (o.kind = 'completed' AND p.state <> 'completed')
       OR (o.kind = 'failed' AND o.generation = p.generation AND p.state NOT IN ('failed', 'review'))`,
  failed_though_paid: sql.fragment`
    SELECT o.payment_id, format('generation %s failed, and was paid by %s', o.generation, e.tx_hash) AS detail
    FROM payment_outcomes o JOIN chain_events e
      ON e.payment_id = o.payment_id AND e.kind = 'paid' AND e.generation = o.generation
    WHERE o.kind = 'failed'`,
  failed_without_void: sql.fragment`
    SELECT p.id AS payment_id, 'sent and failed, but nothing at ' || p.void_tx_hash || ' closed it' AS detail
    FROM payments p
    WHERE p.state = 'failed' AND p.first_sent_at IS NOT NULL AND p.method = 'payonce' AND NOT EXISTS (
      SELECT FROM chain_events e WHERE e.payment_id = p.id AND e.tx_hash = p.void_tx_hash
        AND e.kind IN ('voided', 'skipped'))`,
  completed_without_transfer: sql.fragment`
    SELECT p.id AS payment_id, 'no transfer of its terms is stored at ' || p.tx_hash || ' log ' || p.log_index AS detail
    FROM payments p WHERE p.state = 'completed' AND p.method = 'transfer' AND NOT EXISTS (
      SELECT FROM transfers f WHERE f.payment_id = p.id AND f.chain_id = p.chain_id AND f.tx_hash = p.tx_hash
        AND f.log_index = p.log_index AND f.generation = p.generation AND f.payer = p.payer AND f.token = p.token
        AND f.recipient = p.recipient AND f.amount = p.net_amount)`,
  transfer_not_completed: sql.fragment`
    SELECT p.id AS payment_id, 'paid by ' || f.tx_hash || ', yet ' || p.state AS detail
    FROM transfers f JOIN payments p ON p.id = f.payment_id WHERE p.state <> 'completed'`,
  failed_in_doubt: sql.fragment`
    SELECT p.id AS payment_id, format('failed, but transfer %s is %s, and %s of its %s POSTs were answered', t.id,
      coalesce(t.provider_end, 'open at Circle'), t.answers, t.posts) AS detail
    FROM payments p JOIN transaction_items i ON i.payment_id = p.id AND i.generation = p.generation
    JOIN transactions t ON t.id = i.transaction_id
    WHERE p.state = 'failed' AND p.method = 'transfer'
      AND (t.state = 'open' OR t.provider_end IS NULL OR t.answers < t.posts)`,
  // Published rows are pruned, outcomes never, and a restore adopts outcomes whose events are in Kafka alone.
  event_missing: sql.fragment`
    SELECT o.payment_id, format('the %s event of generation %s is not in the outbox', o.kind, o.generation) AS detail
    FROM payment_outcomes o
    WHERE o.decided_at > (SELECT min(created_at) FROM outbox)
      AND NOT EXISTS (SELECT FROM announced_outcomes a WHERE a.event_id = o.event_id)
      AND NOT EXISTS (SELECT FROM outbox x WHERE x.event_id = o.event_id)`,
  event_without_outcome: sql.fragment`
    SELECT x.payment_id, 'event ' || x.event_id || ' was never decided' AS detail
    FROM outbox x WHERE x.generation IS NOT NULL AND NOT EXISTS (
      SELECT FROM payment_outcomes o WHERE o.event_id = x.event_id)`,
  reputation_missing: sql.fragment`
    SELECT p.id AS payment_id, 'completed without its reputation event' AS detail
    FROM payments p WHERE p.state = 'completed' AND NOT EXISTS (
      SELECT FROM reputation_events r WHERE r.payment_id = p.id)`,
  reputation_unearned: sql.fragment`
    SELECT p.id AS payment_id, p.state || ', yet it gave reputation' AS detail
    FROM reputation_events r JOIN payments p ON p.id = r.payment_id WHERE p.state <> 'completed'`,
  // Above is no mismatch: reputation may have begun before this service.
  reputation_below_points: sql.fragment`
    SELECT NULL::uuid AS payment_id, format('worker %s has %s, its events give %s', w.id, w.reputation, r.points) AS detail
    FROM workers w JOIN (SELECT worker_id, sum(points) AS points FROM reputation_events GROUP BY worker_id) r
      ON r.worker_id = w.id
    WHERE w.reputation < r.points`,
  task_not_paid: sql.fragment`
    SELECT p.id AS payment_id, format('completed, but task %s is %s', t.id, t.status) AS detail
    FROM payments p JOIN tasks t ON t.platform_id = p.platform_id AND t.id = p.task_id
    WHERE p.state = 'completed' AND t.paid_by IS DISTINCT FROM p.id`,
  task_paid_by_unpaid: sql.fragment`
    SELECT p.id AS payment_id, format('%s, but task %s is paid', p.state, t.id) AS detail
    FROM tasks t JOIN payments p ON p.id = t.paid_by WHERE p.state <> 'completed'`,
  travels_in_closed_send: sql.fragment`
    SELECT p.id AS payment_id, format('waits for send %s, which is %s', t.id, t.state) AS detail
    FROM payments p JOIN transactions t ON t.id = p.transaction_id WHERE t.state <> 'open'`,
};
