import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { verifyReport } from "../reconciling/reconciliation.ts";

const isoTime = z.date().transform((date) => date.toISOString());

const members = {
  id: z.string(),
  status: z.enum(["running", "done", "failed"]),
  requestedBy: z.string(),
  reason: z.string(),
  startedAt: isoTime,
  endedAt: isoTime.nullable(),
  mismatchCount: z.number().nullable(),
  error: z.string().nullable(),
};
const row = z.object(members);
const detailRow = z.object({ ...members, report: verifyReport.nullable() });

export type ReconciliationView = z.infer<typeof row>;
export type ReconciliationDetail = z.infer<typeof detailRow>;

const columns = sql.fragment`
  id, status, requested_by AS "requestedBy", reason, started_at AS "startedAt", ended_at AS "endedAt",
  mismatches AS "mismatchCount", error`;

/** Newest first; the cursor is the last one's id. */
export async function listReconciliations(
  db: CommonQueryMethods,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ readonly data: readonly ReconciliationView[]; readonly nextCursor: string | null }> {
  const where =
    cursor === undefined
      ? sql.fragment`true`
      : sql.fragment`(started_at, id) < (SELECT started_at, id FROM reconciliations WHERE id = ${cursor}::uuid)`;
  const rows = await db.any(sql.type(row)`
    SELECT ${columns} FROM reconciliations WHERE ${where} ORDER BY started_at DESC, id DESC LIMIT ${limit + 1}`);
  const data = rows.slice(0, limit);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** One with all that it found; null if there is none. */
export async function getReconciliation(
  db: CommonQueryMethods,
  id: string,
): Promise<ReconciliationDetail | null> {
  return db.maybeOne(sql.type(detailRow)`
    SELECT ${columns}, report FROM reconciliations WHERE id = ${id}::uuid`);
}
