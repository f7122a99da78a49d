import { sql, type FragmentSqlToken } from "slonik";

/** What a check is held against: everything, or what is new since a watermark. */
export interface Scope {
  readonly isWhole: boolean;
  /** Goes in front of a check's statement. */
  readonly preamble: FragmentSqlToken;
  /** Whether this column's payment is looked at. */
  readonly payment: (column: FragmentSqlToken) => FragmentSqlToken;
  /** Whether this time is late enough; the lower bound only, because what is new may be looked at twice. */
  readonly recent: (column: FragmentSqlToken) => FragmentSqlToken;
  /** Whether this block is looked at. */
  readonly block: (column: FragmentSqlToken) => FragmentSqlToken;
  /** Whether this block may lie ahead of the cursor: a hint, so that few rows are compared with the cursor itself. */
  readonly ahead: (column: FragmentSqlToken) => FragmentSqlToken;
  /** How old something must be to be late. */
  readonly lateAfterMs: number;
}

/** The tables whose rows a check looks at, counted once for all checks. */
export type CheckedTable =
  | "payments"
  | "payment_outcomes"
  | "chain_events"
  | "outbox"
  | "inbox"
  | "reputation_events"
  | "transactions";

/**
 * One invariant: a statement that answers (payment_id, detail) of what must not exist. Each is one statement, so it sees
 * each commit whole or not at all: it may run beside the service.
 */
export interface LedgerCheck {
  /**
   * `broken` must never be, and stops dispatch. `late` has outlived its deadline: something is away or stands still, and
   * a person should look.
   */
  readonly severity: "broken" | "late";
  readonly table: CheckedTable;
  /** Totals mean nothing for a part of the ledger. */
  readonly onlyWhole?: boolean;
  readonly statement: (scope: Scope) => FragmentSqlToken;
}

export const wholeLedger = (lateAfterMs: number): Scope => ({
  isWhole: true,
  preamble: sql.fragment``,
  payment: () => sql.fragment`true`,
  recent: () => sql.fragment`true`,
  block: () => sql.fragment`true`,
  ahead: () => sql.fragment`true`,
  lateAfterMs,
});

/** A stretch of the ledger's growth: blocks and times after the first and up to the second. */
export interface Window {
  readonly fromBlock: bigint;
  readonly toBlock: bigint;
  readonly since: Date;
  readonly until: Date;
  /** Payments to look at again, whatever their age. */
  readonly paymentIds: readonly string[];
}

/** Found by the block range indexes of tables that only grow, so the cost is that of what is new, however much is old. */
export function newIn(window: Window, lateAfterMs: number): Scope {
  const { fromBlock, toBlock, paymentIds } = window;
  const since = sql.fragment`${window.since.toISOString()}::timestamptz`;
  const until = sql.fragment`${window.until.toISOString()}::timestamptz`;
  return {
    isWhole: false,
    preamble: sql.fragment`
      WITH touched AS MATERIALIZED (
        SELECT payment_id AS id FROM chain_events
          WHERE block_number > ${fromBlock} AND block_number <= ${toBlock} AND payment_id IS NOT NULL
        UNION SELECT payment_id FROM payment_outcomes WHERE decided_at > ${since} AND decided_at <= ${until}
        UNION SELECT payment_id FROM inbox WHERE received_at > ${since} AND received_at <= ${until}
        UNION SELECT unnest(${sql.array(paymentIds, "uuid")})
      )`,
    payment: (column) => sql.fragment`${column} IN (SELECT id FROM touched)`,
    recent: (column) => sql.fragment`${column} > ${since}`,
    block: (column) => sql.fragment`${column} > ${fromBlock} AND ${column} <= ${toBlock}`,
    ahead: (column) => sql.fragment`${column} > ${toBlock}`,
    lateAfterMs,
  };
}
