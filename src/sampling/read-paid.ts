import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { parseMicros, type Micros } from "../payment/money.ts";

export interface PaidSince {
  /** Up to where it was read, to the database clock's last digit; the next look goes on here. */
  readonly until: string;
  readonly untilMs: number;
  /** There was more than one look takes. */
  readonly isPartial: boolean;
  readonly paid: readonly {
    readonly payer: string;
    readonly token: string;
    readonly amount: Micros;
  }[];
}

/** A hundred payments in each at most: some milliseconds. */
const SENDS_MAX = 500;
/** Longer than a transaction of ours can take: what is older has become visible. */
const SETTLED_AFTER = sql.fragment`interval '15 seconds'`;

const row = z.object({
  until: z.string(),
  until_ms: z.number(),
  is_partial: z.boolean(),
  payer: z.string().nullable(),
  token: z.string().nullable(),
  amount: z.string().nullable(),
});

/** What sends that were closed since then have paid, by payer and token; of the last hour where `since` is null. */
export async function readPaid(db: CommonQueryMethods, since: string | null): Promise<PaidSince> {
  const rows = await db.any(sql.type(row)`
    WITH bounds AS (
      SELECT greatest(${since}::timestamptz, payment_now() - interval '1 hour') AS since,
        payment_now() - ${SETTLED_AFTER} AS until
    ), sends AS MATERIALIZED (
      SELECT t.id, t.closed_at FROM transactions t
      WHERE t.closed_at > (SELECT since FROM bounds) AND t.closed_at <= (SELECT until FROM bounds)
      ORDER BY t.closed_at FETCH FIRST ${SENDS_MAX} ROWS WITH TIES
    ), newest AS (
      SELECT count(*) >= ${SENDS_MAX} AS is_partial, max(closed_at) AS closed_at FROM sends
    ), reached AS (
      SELECT n.is_partial, CASE WHEN n.is_partial THEN n.closed_at ELSE greatest(b.since, b.until) END AS until
      FROM bounds b CROSS JOIN newest n
    )
    SELECT r.until::text, (extract(epoch FROM r.until) * 1000)::float8 AS until_ms, r.is_partial,
      i.payer::text, i.token::text, i.amount::text
    FROM reached r LEFT JOIN LATERAL (
      SELECT i.payer, i.token, sum(i.amount) AS amount
      FROM sends s JOIN transaction_items i ON i.transaction_id = s.id
      WHERE i.outcome = 'paid' GROUP BY i.payer, i.token
    ) i ON true
  `);
  const [first] = rows;
  if (!first) throw new TypeError("bounds are always one row");
  const paid = rows.flatMap(({ payer, token, amount }) =>
    payer === null || token === null || amount === null
      ? []
      : [{ payer, token, amount: parseMicros(amount) ?? 0n }],
  );
  const { until, until_ms: untilMs } = first;
  return { until, untilMs, isPartial: first.is_partial, paid };
}
