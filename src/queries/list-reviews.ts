import { sql, type CommonQueryMethods, type FragmentSqlToken } from "slonik";
import { z } from "zod";
import { doubtAdvice, doubtCodeOf } from "../payment/doubt-advice.ts";
import type { Intent } from "../payment/state.ts";
import { paymentColumns, paymentRow, type PaymentView } from "./payment-view.ts";

export interface ReviewFilter {
  readonly platformId?: string | undefined;
  /** The beginning of the doubt's reason: its code. */
  readonly code?: string | undefined;
}

export interface ReviewView extends PaymentView {
  /** What goes on being sent for it; null: nothing, its evidence contradicts this service. */
  readonly intent: Intent | null;
  readonly doubtCode: string;
  readonly advice: string;
}

export interface ReviewPage {
  readonly data: readonly ReviewView[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

const intentRow = z.object({ id: z.string(), intent: z.enum(["pay", "void"]).nullable() });

/** Payments in review, the oldest doubt first. */
export async function listReviews(
  db: CommonQueryMethods,
  filter: ReviewFilter,
  page: {
    readonly limit?: number | undefined;
    readonly cursor?: string | undefined;
    readonly explorerUrl?: string | null;
  } = {},
): Promise<ReviewPage> {
  const limit = Math.min(Math.max(page.limit ?? 25, 1), 100);
  const where = [
    sql.fragment`p.state = 'review'`,
    ...filterFragments(filter),
    ...cursorFragment(page.cursor),
  ];
  const rows = await db.any(sql.type(paymentRow(page.explorerUrl ?? null))`
    SELECT ${paymentColumns} FROM payments p
    WHERE ${sql.join(where, sql.fragment` AND `)}
    ORDER BY date_trunc('milliseconds', p.doubt_since), p.id
    LIMIT ${limit + 1}
  `);
  const payments = rows.slice(0, limit);
  const intents = await readIntents(db, payments);
  const data = payments.map((payment): ReviewView => {
    const reason = payment.doubt?.reason ?? "";
    const intent = intents.get(payment.id) ?? null;
    return { ...payment, intent, doubtCode: doubtCodeOf(reason), advice: doubtAdvice(reason) };
  });
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last ? cursorOf(last) : null };
}

async function readIntents(
  db: CommonQueryMethods,
  payments: readonly PaymentView[],
): Promise<ReadonlyMap<string, Intent | null>> {
  const ids = payments.map(({ id }) => id);
  const rows = await db.any(sql.type(intentRow)`
    SELECT id, intent FROM payments WHERE id = ANY(${sql.array(ids, "uuid")})
  `);
  return new Map(rows.map(({ id, intent }) => [id, intent]));
}

function filterFragments({ platformId, code }: ReviewFilter): FragmentSqlToken[] {
  return [
    platformId !== undefined && sql.fragment`p.platform_id = ${platformId}`,
    code !== undefined && sql.fragment`split_part(p.doubt_reason, ':', 1) = ${code}`,
  ].filter((fragment) => fragment !== false);
}

/** A payment may leave review between two pages, so the cursor holds the place itself: since when, in milliseconds, and id. */
export const REVIEW_CURSOR = /^[0-9]{1,14}_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function cursorOf({ id, doubt }: ReviewView): string {
  return `${Date.parse(doubt?.since ?? "")}_${id}`;
}

function cursorFragment(cursor: string | undefined): FragmentSqlToken[] {
  const [sinceMs, id] = cursor?.split("_") ?? [];
  if (sinceMs === undefined || id === undefined) return [];
  const since = sql.timestamp(new Date(Number(sinceMs)));
  // Milliseconds in the cursor, microseconds in the row.
  return [
    sql.fragment`(date_trunc('milliseconds', p.doubt_since), p.id) > (${since}, ${id}::uuid)`,
  ];
}
