import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { CheckedTable, LedgerCheck, Scope } from "./ledger-check.ts";
import { LEDGER_CHECKS, type LedgerMismatch } from "./ledger-checks.ts";
import type { CheckReport, Mismatch } from "./verification.ts";

/** Per check: enough to act on, little enough to print and to keep. */
export const MISMATCHES_MAX = 200;

export interface Checked {
  readonly reports: readonly CheckReport[];
  readonly mismatches: readonly Mismatch[];
}

const mismatchRow = z
  .object({ payment_id: z.string().nullable(), detail: z.string().nullable() })
  .transform((row) => ({ paymentId: row.payment_id, detail: row.detail ?? "" }));
const countRow = z.object({ count: z.bigint() });

/**
 * Makes the ledger's checks against itself, one statement each, and tells what each has looked at: all of them of the whole
 * ledger, and of what is new those by time, by block and of what is there now (`verifyPayments` makes the others).
 */
export async function runChecks(pool: Database, scope: Scope): Promise<Checked> {
  const counts = new Map<CheckedTable, number>();
  const reports: CheckReport[] = [];
  const mismatches: Mismatch[] = [];
  for (const [name, check] of Object.entries(LEDGER_CHECKS)) {
    if (!scope.isWhole && (check.onlyWhole || check.by === undefined)) continue;
    const started = performance.now();
    const found = await runCheck(pool, scope, check);
    const ms = Math.round(performance.now() - started);
    const rows = counts.get(check.table) ?? (await countRows(pool, scope, check.table));
    counts.set(check.table, rows);
    reports.push({ name, rows, ms, mismatches: found.length });
    mismatches.push(
      ...found.map((row) => ({
        kind: name as LedgerMismatch,
        severity: check.severity,
        blockNumber: null,
        ...row,
      })),
    );
  }
  return { reports, mismatches };
}

/** Looks at several parts as one. */
export function addUp(parts: readonly Checked[]): Checked {
  const byName = Map.groupBy(
    parts.flatMap(({ reports }) => reports),
    ({ name }) => name,
  );
  const sum = (all: readonly CheckReport[], of: (one: CheckReport) => number) =>
    all.reduce((total, one) => total + of(one), 0);
  return {
    reports: [...byName].map(([name, all]) => ({
      name,
      rows: sum(all, ({ rows }) => rows),
      ms: sum(all, ({ ms }) => ms),
      mismatches: sum(all, ({ mismatches }) => mismatches),
    })),
    mismatches: parts.flatMap(({ mismatches }) => mismatches),
  };
}

async function runCheck(pool: Database, scope: Scope, check: LedgerCheck) {
  return askDatabase(() =>
    pool.any(sql.type(mismatchRow)`
      SELECT payment_id, detail FROM (${check.statement(scope)}) AS found LIMIT ${MISMATCHES_MAX}
    `),
  );
}

async function countRows(pool: Database, scope: Scope, table: CheckedTable): Promise<number> {
  const counted = inScope(scope, table);
  if (!counted) return 0;
  const { count } = await askDatabase(() =>
    pool.one(sql.type(countRow)`
      SELECT count(*) FROM ${sql.identifier([table])} WHERE ${counted}
    `),
  );
  return Number(count);
}

/** Undefined: of what is new, such rows are not counted but found by an index, as few as there are. */
function inScope(scope: Scope, table: CheckedTable) {
  switch (table) {
    case "payments":
    case "reputation_events":
      return scope.isWhole ? sql.fragment`true` : undefined;
    case "payment_outcomes":
      return scope.recent(sql.fragment`decided_at`);
    case "chain_events":
      return scope.block(sql.fragment`block_number`);
    case "outbox":
      return scope.recent(sql.fragment`created_at`);
    case "inbox":
      return scope.recent(sql.fragment`received_at`);
    case "transactions":
      return sql.fragment`state = 'open'`;
  }
}
