import { sql, type FragmentSqlToken } from "slonik";

/** What a check is held against: everything, or what is new since a watermark. */
export interface Scope {
  readonly isWhole: boolean;
  /** Whether this time is looked at. */
  readonly recent: (column: FragmentSqlToken) => FragmentSqlToken;
  /** Whether this time may be that of something written together with what is recent: wider, never narrower. */
  readonly near: (column: FragmentSqlToken) => FragmentSqlToken;
  /** Whether this block is looked at. */
  readonly block: (column: FragmentSqlToken) => FragmentSqlToken;
  /** Whether this block may lie ahead of the cursor: a hint, so that few rows are compared with the cursor itself. */
  readonly ahead: (column: FragmentSqlToken) => FragmentSqlToken;
  /** Ends a subquery that finds one row by an index: where few are looked for, no plan may read its table instead. */
  readonly oneByOne: FragmentSqlToken;
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
  /**
   * How it looks at what is new. By payment, unless told: of a few payments and of what belongs to them, all read by
   * their ids beforehand (`verify-payments.ts`). `window`: by time or block. `standing`: at what is there now.
   */
  readonly by?: "window" | "standing";
  readonly statement: (scope: Scope) => FragmentSqlToken;
}

const everything = () => sql.fragment`true`;

export const wholeLedger = (lateAfterMs: number): Scope => ({
  isWhole: true,
  recent: everything,
  near: everything,
  block: everything,
  ahead: everything,
  oneByOne: sql.fragment``,
  lateAfterMs,
});

/** A stretch of the ledger's growth: blocks and times after the first and up to the second. */
export interface Window {
  readonly fromBlock: bigint;
  readonly toBlock: bigint;
  readonly since: Date;
  readonly until: Date;
}

/** A commit is seen later than the time that it wrote, by as long as a transaction may take. */
export const COMMIT_MAX_MS = 60_000;

/** Found by the block range indexes of tables that only grow, so the cost is that of what is new, however much is old. */
export function newIn(window: Window, cursorBlock: bigint, lateAfterMs: number): Scope {
  const { fromBlock, toBlock, since, until } = window;
  const between = (from: Date, to: Date) => (column: FragmentSqlToken) =>
    sql.fragment`(${column} > ${from.toISOString()}::timestamptz AND ${column} <= ${to.toISOString()}::timestamptz)`;
  return {
    isWhole: false,
    recent: between(since, until),
    near: between(
      new Date(since.getTime() - COMMIT_MAX_MS),
      new Date(until.getTime() + COMMIT_MAX_MS),
    ),
    block: (column) => sql.fragment`${column} > ${fromBlock} AND ${column} <= ${toBlock}`,
    ahead: (column) => sql.fragment`${column} > ${cursorBlock}`,
    oneByOne: sql.fragment`OFFSET 0`,
    lateAfterMs,
  };
}
