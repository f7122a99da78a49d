import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

const row = z.object({
  id: z.bigint().transform(String),
  at: z.date().transform((date) => date.toISOString()),
  actor: z.string(),
  action: z.string(),
  paymentId: z.string().nullable(),
  generation: z.number().nullable(),
  details: z.record(z.string(), z.unknown()),
});
export type AuditView = z.infer<typeof row>;

export interface AuditFilter {
  readonly paymentId?: string | undefined;
  readonly action?: string | undefined;
  /** Only what concerns its payments, or itself. */
  readonly platformId?: string | undefined;
}

/** The audit log, newest first. The cursor is an entry's id. */
export async function listAudit(
  db: CommonQueryMethods,
  filter: AuditFilter,
  { limit, before = null }: { readonly limit: number; readonly before?: bigint | null },
): Promise<{ readonly data: readonly AuditView[]; readonly nextCursor: string | null }> {
  const paymentId = filter.paymentId ?? null;
  const action = filter.action ?? null;
  const platformId = filter.platformId ?? null;
  const rows = await db.any(sql.type(row)`
    SELECT a.id, a.at, a.actor, a.action, a.payment_id AS "paymentId", a.generation, a.details
    FROM audit_log a
    WHERE (${paymentId}::uuid IS NULL OR a.payment_id = ${paymentId}::uuid)
      AND (${action}::text IS NULL OR a.action = ${action})
      AND (${before}::bigint IS NULL OR a.id < ${before}::bigint)
      AND (${platformId}::text IS NULL OR a.details ->> 'platformId' = ${platformId} OR a.details ->> 'scope' = ${platformId}
        OR EXISTS (SELECT FROM payments p WHERE p.id = a.payment_id AND p.platform_id = ${platformId}))
    ORDER BY a.id DESC
    LIMIT ${limit + 1}
  `);
  const data = rows.slice(0, limit);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}
