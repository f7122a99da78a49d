import { sql } from "slonik";
import type { LedgerCheck, Scope } from "./ledger-check.ts";

const late = ({ lateAfterMs }: Scope) =>
  sql.fragment`(payment_now() - ${lateAfterMs} * interval '1 millisecond')`;

/**
 * What is under way: few rows whatever the history, so each is looked at every time. Time that passes while dispatch is
 * paused, a payer has no funds, or a backlog moves on is capacity, not lateness.
 */
export const SEND_CHECKS = {
  travels_in_closed_send: {
    severity: "broken",
    table: "transactions",
    by: "standing",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, format('waits for send %s, which is %s', t.id, t.state) AS detail
      FROM payments p JOIN transactions t ON t.id = p.transaction_id
      WHERE p.transaction_id IS NOT NULL AND t.state <> 'open'`,
  },
  // What dispatch holds back of a payer's funds is the sum of these items.
  travels_under_other_terms: {
    severity: "broken",
    table: "transactions",
    by: "standing",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, format('generation %s travels in send %s under other terms, or under none', p.generation,
        p.transaction_id) AS detail
      FROM payments p LEFT JOIN transaction_items i ON i.transaction_id = p.transaction_id AND i.payment_id = p.id
      WHERE p.transaction_id IS NOT NULL AND (i.generation, i.payer::text, i.token::text, i.recipient::text, i.amount)
        IS DISTINCT FROM (p.generation, p.payer::text, p.token::text, p.recipient::text, p.net_amount)`,
  },
  send_miscounted: {
    severity: "broken",
    table: "transactions",
    by: "standing",
    statement: () => sql.fragment`
      SELECT NULL::uuid AS payment_id, format('send %s says %s items and has %s', t.id, t.item_count, count(i.position)) AS detail
      FROM transactions t LEFT JOIN transaction_items i ON i.transaction_id = t.id
      WHERE t.state = 'open' GROUP BY t.id HAVING count(i.position) <> t.item_count`,
  },
  open_send_without_payments: {
    severity: "late",
    table: "transactions",
    by: "standing",
    statement: (scope) => sql.fragment`
      SELECT NULL::uuid AS payment_id, format('send %s is open since %s, and no payment waits for it', t.id, t.created_at) AS detail
      FROM transactions t WHERE t.state = 'open' AND t.created_at < ${late(scope)}
        AND NOT EXISTS (SELECT FROM payments p WHERE p.transaction_id = t.id)`,
  },
  accepted_overdue: {
    severity: "late",
    table: "payments",
    by: "standing",
    statement: (scope) => sql.fragment`
      SELECT p.id AS payment_id, format('accepted, and to be looked at again since %s', p.next_attempt_at) AS detail
      FROM payments p WHERE p.state = 'accepted' AND p.next_attempt_at < ${late(scope)}`,
  },
  // A backlog is worked off in time's order or not at all: as long as sends of its kind are made, it moves.
  due_overdue: {
    severity: "late",
    table: "payments",
    by: "standing",
    statement: (scope) => sql.fragment`
      SELECT p.id AS payment_id, format('%s, and to be sent since %s, while nothing is sent', p.state,
        coalesce(p.next_attempt_at, p.planned_at)) AS detail
      FROM payments p
      WHERE p.intent IS NOT NULL AND p.transaction_id IS NULL
        AND coalesce(p.next_attempt_at, p.planned_at, p.accepted_at) < ${late(scope)}
        AND NOT EXISTS (SELECT FROM pauses s WHERE s.scope IN ('*', p.platform_id))
        AND NOT EXISTS (SELECT FROM payer_holds h WHERE h.payer = p.payer AND h.token = p.token AND p.intent = 'pay')
        AND NOT EXISTS (
          SELECT FROM transactions t WHERE t.rail = p.rail AND t.kind = p.intent
            AND (t.state = 'open' OR t.closed_at > ${late(scope)}))`,
  },
  doubt_overdue: {
    severity: "late",
    table: "payments",
    by: "standing",
    statement: (scope) => sql.fragment`
      SELECT p.id AS payment_id, format('%s, sent, and without evidence since %s', p.state, p.review_at) AS detail
      FROM payments p WHERE p.review_at < ${late(scope)} AND p.transaction_id IS NOT NULL`,
  },
  outbox_overdue: {
    severity: "late",
    table: "outbox",
    by: "standing",
    statement: (scope) => sql.fragment`
      SELECT x.payment_id, format('event %s waits for Kafka since %s', x.event_id, x.created_at) AS detail
      FROM outbox x WHERE x.published_at IS NULL AND x.refused_at IS NULL AND x.created_at < ${late(scope)}`,
  },
} satisfies Record<string, LedgerCheck>;
