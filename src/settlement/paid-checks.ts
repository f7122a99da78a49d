import { sql } from "slonik";
import type { LedgerCheck } from "./ledger-check.ts";

/** Payments against the stored logs of the chain. */
export const PAID_CHECKS = {
  completed_without_paid: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, 'no Paid stored at ' || p.tx_hash || ' log ' || p.log_index AS detail
      FROM payments p WHERE p.state = 'completed' AND p.method = 'payonce' AND NOT EXISTS (
        SELECT FROM chain_events e WHERE e.kind = 'paid' AND e.payment_id = p.id AND e.chain_id = p.chain_id
          AND e.pay_once = p.pay_once AND e.tx_hash = p.tx_hash AND e.log_index = p.log_index)`,
  },
  completed_under_other_terms: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id,
        format('ledger: %s of %s from %s to %s; chain: %s of %s from %s to %s', p.net_amount, p.token, p.payer,
          p.recipient, e.amount_micros / 1000000, e.token, e.payer, e.recipient) AS detail
      FROM payments p JOIN chain_events e
        ON e.payment_id = p.id AND e.kind = 'paid' AND e.tx_hash = p.tx_hash AND e.log_index = p.log_index
      WHERE p.state = 'completed' AND (e.amount_micros <> p.net_amount * 1000000
        OR e.payer <> p.payer OR e.recipient <> p.recipient OR e.token <> p.token OR e.transfer_log_index IS NULL)`,
  },
  one_log_pays_two: {
    severity: "broken",
    table: "payments",
    onlyWhole: true,
    statement: () => sql.fragment`
      SELECT min(p.id::text)::uuid AS payment_id,
        format('%s payments were completed by %s log %s', count(*), p.tx_hash, p.log_index) AS detail
      FROM payments p WHERE p.state = 'completed' GROUP BY p.chain_id, p.tx_hash, p.log_index HAVING count(*) > 1`,
  },
  paid_not_completed: {
    severity: "broken",
    table: "chain_events",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, 'paid by ' || e.tx_hash || ', yet ' || p.state AS detail
      FROM chain_events e JOIN payments p ON p.id = e.payment_id
      WHERE e.kind = 'paid' AND p.state NOT IN ('completed', 'review')`,
  },
  paid_in_review: {
    severity: "broken",
    table: "chain_events",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, 'paid by ' || e.tx_hash || ', in review: ' || p.doubt_reason AS detail
      FROM chain_events e JOIN payments p ON p.id = e.payment_id
      WHERE e.kind = 'paid' AND p.state = 'review'`,
  },
  paid_unknown: {
    severity: "broken",
    table: "chain_events",
    by: "window",
    statement: (scope) => sql.fragment`
      SELECT e.payment_id, 'ref ' || e.ref || ' was paid by ' || e.tx_hash || ', and no payment has it' AS detail
      FROM chain_events e WHERE e.kind = 'paid' AND ${scope.block(sql.fragment`e.block_number`)} AND NOT EXISTS (
        SELECT FROM payments p WHERE p.id = e.payment_id ${scope.oneByOne})`,
  },
  paid_twice: {
    severity: "broken",
    table: "chain_events",
    statement: () => sql.fragment`
      SELECT min(e.payment_id::text)::uuid AS payment_id, 'ref ' || e.ref || ' has ' || count(*) || ' Paid logs' AS detail
      FROM chain_events e WHERE e.kind = 'paid'
      GROUP BY e.chain_id, e.pay_once, e.ref HAVING count(*) > 1`,
  },
  failed_without_void: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, 'sent and failed, but nothing at ' || p.void_tx_hash || ' closed it' AS detail
      FROM payments p
      WHERE p.state = 'failed' AND p.method = 'payonce' AND p.first_sent_at IS NOT NULL
        AND NOT EXISTS (
          SELECT FROM chain_events e WHERE e.payment_id = p.id AND e.tx_hash = p.void_tx_hash
            AND e.kind IN ('voided', 'skipped'))`,
  },
  // What the platforms were debited and what the chain moved, to the micro-unit.
  money_not_conserved: {
    severity: "broken",
    table: "payments",
    onlyWhole: true,
    statement: () => sql.fragment`
      SELECT NULL::uuid AS payment_id,
        format('platform %s, token %s: ledger %s net in %s payments (%s gross, %s fees); chain %s in %s', platform_id, token,
          coalesce(l.net, 0), coalesce(l.count, 0), coalesce(l.gross, 0), coalesce(l.fees, 0),
          round(coalesce(c.net, 0), 6), coalesce(c.count, 0)) AS detail
      FROM (
        SELECT platform_id, token, sum(net_amount) AS net, sum(fee) AS fees, sum(amount) AS gross, count(*) AS count
        FROM payments WHERE state = 'completed' AND method = 'payonce' GROUP BY platform_id, token
      ) l FULL JOIN (
        SELECT p.platform_id, e.token, sum(e.amount_micros) / 1000000 AS net, count(*) AS count
        FROM chain_events e JOIN payments p ON p.id = e.payment_id WHERE e.kind = 'paid' GROUP BY p.platform_id, e.token
      ) c USING (platform_id, token)
      WHERE (l.net, l.count) IS DISTINCT FROM (c.net, c.count) OR l.net + l.fees <> l.gross`,
  },
  log_beyond_cursor: {
    severity: "broken",
    table: "chain_events",
    by: "standing",
    statement: (scope) => sql.fragment`
      SELECT e.payment_id, format('log of block %s is stored, the cursor stands at %s', e.block_number, c.block_number) AS detail
      FROM chain_events e JOIN chain_cursors c ON c.chain_id = e.chain_id AND c.pay_once = e.pay_once
      WHERE e.block_number > c.block_number AND ${scope.ahead(sql.fragment`e.block_number`)}`,
  },
} satisfies Record<string, LedgerCheck>;
