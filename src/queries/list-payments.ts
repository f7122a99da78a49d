import { sql, type CommonQueryMethods, type FragmentSqlToken } from "slonik";
import type { PaymentState } from "../payment/state.ts";
import { paymentColumns, paymentRow, type PaymentView } from "./payment-view.ts";

export interface PaymentFilter {
  readonly workerId?: string | undefined;
  readonly platformId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly bulkId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly txHash?: string | undefined;
  readonly state?: PaymentState | undefined;
  /** Accepted at or after. */
  readonly from?: Date | undefined;
  /** Accepted before. */
  readonly to?: Date | undefined;
}

export interface Page {
  /** 1 to 100; 25 by default. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  readonly explorerUrl?: string | null;
}

export interface PaymentPage {
  readonly data: readonly PaymentView[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/**
 * Payments, newest first, one row per payment whatever its attempts (GigStream's getWorkerPayments with a workerId).
 * The cursor is a place, not a count: rows that arrive meanwhile neither repeat nor hide others.
 */
export async function listPayments(
  db: CommonQueryMethods,
  filter: PaymentFilter,
  page: Page = {},
): Promise<PaymentPage> {
  const limit = Math.min(Math.max(page.limit ?? 25, 1), 100);
  const where = [...filterFragments(filter), ...cursorFragment(page.cursor, filter)];
  const rows = await db.any(sql.type(paymentRow(page.explorerUrl ?? null))`
    SELECT ${paymentColumns} FROM payments p
    WHERE ${sql.join([sql.fragment`true`, ...where], sql.fragment` AND `)}
    ORDER BY p.accepted_at DESC, p.id DESC
    LIMIT ${limit + 1}
  `);
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last ? last.id : null };
}

function filterFragments(filter: PaymentFilter): FragmentSqlToken[] {
  const { workerId, platformId, taskId, bulkId, idempotencyKey, txHash, state, from, to } = filter;
  return [
    workerId !== undefined && sql.fragment`p.worker_id = ${workerId}`,
    platformId !== undefined && sql.fragment`p.platform_id = ${platformId}`,
    taskId !== undefined && sql.fragment`p.task_id = ${taskId}`,
    bulkId !== undefined && sql.fragment`p.bulk_id = ${bulkId}::uuid`,
    idempotencyKey !== undefined && sql.fragment`p.idempotency_key = ${idempotencyKey}`,
    txHash !== undefined && sql.fragment`p.tx_hash = ${txHash}`,
    state !== undefined && sql.fragment`p.state = ${state}`,
    from !== undefined && sql.fragment`p.accepted_at >= ${sql.timestamp(from)}`,
    to !== undefined && sql.fragment`p.accepted_at < ${sql.timestamp(to)}`,
  ].filter((fragment) => fragment !== false);
}

/** Payments are never deleted, so the last row of a page is a place that stays; its id is the whole cursor. Not of another platform: it would tell. */
function cursorFragment(
  cursor: string | undefined,
  { platformId = null }: { readonly platformId?: string | null | undefined },
): FragmentSqlToken[] {
  if (cursor === undefined) return [];
  return [
    sql.fragment`(p.accepted_at, p.id) < (SELECT c.accepted_at, c.id FROM payments c
      WHERE c.id = ${cursor}::uuid AND (${platformId}::text IS NULL OR c.platform_id = ${platformId}))`,
  ];
}
