import { sql } from "slonik";
import type { LedgerCheck } from "./ledger-check.ts";

/** Plain transfers against the token's logs that prove them. */
export const TRANSFER_CHECKS = {
  completed_without_transfer: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, 'no transfer of its terms is stored at ' || p.tx_hash || ' log ' || p.log_index AS detail
      FROM payments p WHERE p.state = 'completed' AND p.method = 'transfer' AND NOT EXISTS (
        SELECT FROM transfers f WHERE f.payment_id = p.id AND f.chain_id = p.chain_id AND f.tx_hash = p.tx_hash
          AND f.log_index = p.log_index AND f.generation = p.generation AND f.payer = p.payer AND f.token = p.token
          AND f.recipient = p.recipient AND f.amount = p.net_amount)`,
  },
  transfer_not_completed: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, 'paid by ' || f.tx_hash || ', yet ' || p.state AS detail
      FROM transfers f JOIN payments p ON p.id = f.payment_id WHERE p.state <> 'completed'`,
  },
  failed_in_doubt: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, format('failed, but transfer %s is %s, and %s of its %s POSTs were answered', t.id,
        coalesce(t.provider_end, 'open at Circle'), t.answers, t.posts) AS detail
      FROM payments p JOIN transaction_items i ON i.payment_id = p.id AND i.generation = p.generation
      JOIN transactions t ON t.id = i.transaction_id
      WHERE p.state = 'failed' AND p.method = 'transfer'
        AND (t.state = 'open' OR t.provider_end IS NULL OR t.answers < t.posts)`,
  },
} satisfies Record<string, LedgerCheck>;
