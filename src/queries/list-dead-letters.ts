import { sql, type CommonQueryMethods, type FragmentSqlToken } from "slonik";
import { z } from "zod";

export const DEAD_LETTER_STATUSES = ["open", "replayed", "discarded"] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

export interface DeadLetterFilter {
  readonly status?: DeadLetterStatus | undefined;
  readonly code?: string | undefined;
  readonly platformId?: string | undefined;
}

const isoTime = z.date().transform((date) => date.toISOString());

export const deadLetterRow = z.object({
  id: z.string(),
  status: z.enum(DEAD_LETTER_STATUSES),
  /** Why it was refused, when last it was. */
  code: z.string(),
  message: z.string(),
  field: z.string().nullable(),
  platformId: z.string().nullable(),
  /** The payment that it contradicts. */
  paymentId: z.string().nullable(),
  topic: z.string().nullable(),
  partition: z.number().nullable(),
  offset: z.bigint().transform(String).nullable(),
  recordedAt: isoTime.nullable(),
  valueBytes: z.number(),
  valueSha256: z.string(),
  createdAt: isoTime,
  replays: z.number(),
  replayedAt: isoTime.nullable(),
  closedAt: isoTime.nullable(),
  closedBy: z.string().nullable(),
  closedReason: z.string().nullable(),
});

/** A dead letter as programs meet it, without its bytes. */
export type DeadLetterView = z.infer<typeof deadLetterRow>;

/** The columns of `deadLetterRow`. */
export const deadLetterColumns = sql.fragment`
  d.id, d.status, d.code, d.message, d.field, d.platform_id AS "platformId", d.payment_id AS "paymentId", d.topic,
  d.partition, d.record_offset AS "offset", d.record_at AS "recordedAt", coalesce(length(d.value), 0) AS "valueBytes",
  encode(d.value_sha256, 'hex') AS "valueSha256", d.created_at AS "createdAt", d.replays, d.replayed_at AS "replayedAt",
  d.closed_at AS "closedAt", d.closed_by AS "closedBy", d.closed_reason AS "closedReason"`;

export interface DeadLetterPage {
  readonly data: readonly DeadLetterView[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Dead letters, newest first. The cursor is a place: rows that arrive meanwhile neither repeat nor hide others. */
export async function listDeadLetters(
  db: CommonQueryMethods,
  filter: DeadLetterFilter,
  page: { readonly limit?: number | undefined; readonly cursor?: string | undefined } = {},
): Promise<DeadLetterPage> {
  const limit = Math.min(Math.max(page.limit ?? 25, 1), 100);
  const where = [sql.fragment`true`, ...filterFragments(filter), ...cursorFragment(page.cursor)];
  const rows = await db.any(sql.type(deadLetterRow)`
    SELECT ${deadLetterColumns} FROM dead_letters d
    WHERE ${sql.join(where, sql.fragment` AND `)}
    ORDER BY d.created_at DESC, d.id DESC
    LIMIT ${limit + 1}
  `);
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last ? last.id : null };
}

function filterFragments({ status, code, platformId }: DeadLetterFilter): FragmentSqlToken[] {
  return [
    status !== undefined && sql.fragment`d.status = ${status}`,
    code !== undefined && sql.fragment`d.code = ${code}`,
    platformId !== undefined && sql.fragment`d.platform_id = ${platformId}`,
  ].filter((fragment) => fragment !== false);
}

/** Dead letters are never deleted, so the last row of a page is a place that stays. */
function cursorFragment(cursor: string | undefined): FragmentSqlToken[] {
  if (cursor === undefined) return [];
  return [
    sql.fragment`(d.created_at, d.id) < (SELECT c.created_at, c.id FROM dead_letters c WHERE c.id = ${cursor}::uuid)`,
  ];
}
