import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { CheckedTable, LedgerCheck, Scope } from "./ledger-check.ts";
import { LEDGER_CHECKS, type LedgerMismatch } from "./ledger-checks.ts";
import type { CheckReport, Mismatch } from "./verification.ts";

/** Per check: enough to act on, little enough to print and to keep. */
export const MISMATCHES_MAX = 200;

const mismatchRow = z
  .object({ payment_id: z.string().nullable(), detail: z.string().nullable() })
  .transform((row) => ({ paymentId: row.payment_id, detail: row.detail ?? "" }));
const countRow = z.object({ count: z.bigint() });

/** Runs every check of the ledger against itself, one statement each, and tells what each has looked at. */
export async function runChecks(
  pool: Database,
  scope: Scope,
): Promise<{ readonly reports: CheckReport[]; readonly mismatches: Mismatch[] }> {
  const counts = new Map<CheckedTable, number>();
  const reports: CheckReport[] = [];
  const mismatches: Mismatch[] = [];
  for (const [name, check] of Object.entries(LEDGER_CHECKS)) {
    if (check.onlyWhole && !scope.isWhole) continue;
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

async function runCheck(pool: Database, scope: Scope, check: LedgerCheck) {
  return askDatabase(() =>
    pool.any(sql.type(mismatchRow)`
      ${scope.preamble} SELECT payment_id, detail FROM (${check.statement(scope)}) AS found LIMIT ${MISMATCHES_MAX}
    `),
  );
}

async function countRows(pool: Database, scope: Scope, table: CheckedTable): Promise<number> {
  const { count } = await askDatabase(() =>
    pool.one(sql.type(countRow)`
      ${scope.preamble} SELECT count(*) FROM ${sql.identifier([table])} WHERE ${inScope(scope, table)}
    `),
  );
  return Number(count);
}

function inScope(scope: Scope, table: CheckedTable) {
  switch (table) {
    case "payments":
      return scope.payment(sql.fragment`id`);
    case "payment_outcomes":
    case "chain_events":
    case "reputation_events":
      return scope.payment(sql.fragment`payment_id`);
    case "outbox":
      return scope.recent(sql.fragment`created_at`);
    case "inbox":
      return scope.recent(sql.fragment`received_at`);
    case "transactions":
      return sql.fragment`state = 'open'`;
  }
}
