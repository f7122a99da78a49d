import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { VerifyReport, Wanted } from "./reconciliation.ts";

export interface ReconciliationOrder {
  readonly wanted: Wanted;
  readonly reason: string;
  readonly actor: string;
}

export type Begun =
  | { readonly kind: "begun"; readonly id: string }
  /** Another one runs: nothing was written. */
  | { readonly kind: "running"; readonly id: string };

/** Six beats: whoever has missed so many is no more. */
const LOST_AFTER_SECONDS = 60;
const LOST = "The instance that ran it has ended.";
/** Enough to act on; a ledger with more is mended by more than reading. */
const MISMATCHES_MAX = 500;

const idRow = z.object({ id: z.string() });

/** Writes down that one was asked for and runs from now on, unless one does. Throws DATABASE_*. */
export async function beginReconciliation(
  pool: Database,
  { wanted, reason, actor }: ReconciliationOrder,
): Promise<Begun> {
  return transact(pool, async (tx): Promise<Begun> => {
    await endLost(tx);
    const begun = await tx.maybeOne(sql.type(idRow)`
      INSERT INTO reconciliations (requested_by, reason, wanted)
      VALUES (${actor}, ${reason}, ${JSON.stringify(wanted)}::jsonb)
      ON CONFLICT ((true)) WHERE status = 'running' DO NOTHING
      RETURNING id`);
    if (!begun) {
      const running = await tx.one(sql.type(idRow)`
        SELECT id FROM reconciliations WHERE status = 'running'`);
      return { kind: "running", id: running.id };
    }
    await audit(tx, actor, "reconciliation.requested", { id: begun.id, reason, ...wanted });
    return { kind: "begun", id: begun.id };
  });
}

/** Says that it still runs; answers false where it was given up for lost. */
export async function beatReconciliation(pool: Database, id: string): Promise<boolean> {
  const { rowCount } = await askDatabase(() =>
    pool.query(sql.type(anyRow)`
      UPDATE reconciliations SET beat_at = payment_now() WHERE id = ${id} AND status = 'running'`),
  );
  return rowCount > 0;
}

/** Stores what it found, or why it found nothing. One that was given up for lost stays so. */
export async function endReconciliation(
  pool: Database,
  id: string,
  ended: { readonly report: VerifyReport } | { readonly error: string },
): Promise<void> {
  await transact(pool, async (tx) => {
    const written =
      "report" in ended ? await storeReport(tx, id, ended.report) : await fail(tx, id, ended.error);
    if (written > 0) await audit(tx, "system", "reconciliation.ended", { id, ...summaryOf(ended) });
  });
}

async function storeReport(tx: Transaction, id: string, report: VerifyReport): Promise<number> {
  const { mismatches } = report;
  const kept = {
    ...report,
    mismatches: mismatches.slice(0, MISMATCHES_MAX),
    isCut: report.isCut || mismatches.length > MISMATCHES_MAX,
  };
  const { rowCount } = await tx.query(sql.type(anyRow)`
    UPDATE reconciliations SET status = 'done', ended_at = payment_now(), mismatches = ${mismatches.length},
      report = ${JSON.stringify(kept)}::jsonb
    WHERE id = ${id} AND status = 'running'`);
  return rowCount;
}

async function fail(tx: Transaction, id: string, error: string): Promise<number> {
  const { rowCount } = await tx.query(sql.type(anyRow)`
    UPDATE reconciliations SET status = 'failed', ended_at = payment_now(), error = ${error}
    WHERE id = ${id} AND status = 'running'`);
  return rowCount;
}

/** What a killed instance has left behind keeps nobody from another. */
async function endLost(tx: Transaction): Promise<void> {
  const lost = await tx.maybeOne(sql.type(idRow)`
    SELECT id FROM reconciliations
    WHERE status = 'running' AND beat_at < payment_now() - ${LOST_AFTER_SECONDS} * interval '1 second'
    FOR UPDATE`);
  if (!lost) return;
  await fail(tx, lost.id, LOST);
  await audit(tx, "system", "reconciliation.ended", { id: lost.id, error: LOST });
}

function summaryOf(ended: { readonly report: VerifyReport } | { readonly error: string }) {
  if ("error" in ended) return { error: ended.error };
  const { checks, mismatches } = ended.report;
  return { checks: checks.length, mismatches: mismatches.length };
}

async function audit(
  tx: Transaction,
  actor: string,
  action: string,
  { id, ...details }: { readonly id: string } & Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx.query(sql.type(anyRow)`
    INSERT INTO audit_log (actor, action, details)
    VALUES (${actor}, ${action}, ${JSON.stringify({ reconciliationId: id, ...details })}::jsonb)`);
}
