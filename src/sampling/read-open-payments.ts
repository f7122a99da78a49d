import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import type { HOLDS } from "../metrics/catalogue/labels.ts";

/** Payments alike: of one state, held for the same reason or not held, of one payer and token. */
export interface OpenPayments {
  readonly state: "accepted" | "planned" | "voiding" | "review";
  readonly hold: (typeof HOLDS)[number] | null;
  /** Null before a payment has its terms. */
  readonly payer: string | null;
  readonly token: string | null;
  readonly count: number;
  /** How long the oldest has been open, since it was accepted or, once it has failed, since its retry. */
  readonly oldestAgeSeconds: number;
}

/** Rows that one look reads of each kind; of a greater backlog so many are counted, an even share of each queue. */
const ROWS_MAX = 10_000;
/** Queues with something waiting; one probe of the index each. */
const QUEUES_MAX = 1_000;

const row = z.object({
  state: z.enum(["accepted", "planned", "voiding", "review"]),
  hold: z.enum(["funds", "pause", "restore"]).nullable(),
  payer: z.string().nullable(),
  token: z.string().nullable(),
  count: z.number(),
  age: z.number(),
});

/**
 * All payments that have not ended, by the partial indexes of what waits, travels, is accepted or in doubt: it costs the
 * same whatever has been finished, and no more for a backlog than for its bounds. What waits is walked queue by queue, as
 * dispatch does, so that no held backlog hides another platform's payment. Doubt is never called a hold.
 */
export async function readOpenPayments(db: CommonQueryMethods): Promise<readonly OpenPayments[]> {
  const rows = await db.any(sql.type(row)`
    WITH RECURSIVE walk AS (
      (SELECT p.intent, p.rail, p.payer, p.token, p.platform_id FROM payments p
       WHERE p.intent IS NOT NULL AND p.transaction_id IS NULL
       ORDER BY p.intent, p.rail, p.payer, p.token, p.platform_id LIMIT 1)
      UNION ALL
      SELECT n.* FROM walk
      CROSS JOIN LATERAL (
        SELECT p.intent, p.rail, p.payer, p.token, p.platform_id FROM payments p
        WHERE p.intent IS NOT NULL AND p.transaction_id IS NULL
          AND (p.intent, p.rail, p.payer, p.token, p.platform_id)
            > (walk.intent, walk.rail, walk.payer, walk.token, walk.platform_id)
        ORDER BY p.intent, p.rail, p.payer, p.token, p.platform_id LIMIT 1
      ) n
    ), queue AS MATERIALIZED (
      SELECT * FROM walk LIMIT ${QUEUES_MAX}
    ), held AS MATERIALIZED (
      SELECT EXISTS (SELECT FROM restores WHERE closed_at IS NULL) AS by_restore
    ), open AS (
      SELECT w.state, w.payer::text, w.token::text, w.since,
        CASE WHEN w.state = 'review' THEN NULL
          WHEN held.by_restore THEN 'restore'
          WHEN EXISTS (SELECT FROM pauses s WHERE s.scope IN ('*', q.platform_id)) THEN 'pause'
          WHEN q.intent = 'pay' AND EXISTS (
            SELECT FROM payer_holds h WHERE h.payer = q.payer AND h.token = q.token) THEN 'funds'
        END AS hold
      FROM queue q CROSS JOIN held
      CROSS JOIN LATERAL (
        SELECT p.state, p.payer, p.token, ${since} AS since FROM payments p
        WHERE p.intent = q.intent AND p.rail = q.rail AND p.payer = q.payer AND p.token = q.token
          AND p.platform_id = q.platform_id AND p.transaction_id IS NULL
        LIMIT (SELECT greatest(1, ${ROWS_MAX} / greatest(1, count(*))) FROM queue)
      ) w
      UNION ALL
      (SELECT p.state, p.payer, p.token, ${since}, NULL FROM payments p
       WHERE p.transaction_id IS NOT NULL LIMIT ${ROWS_MAX})
      UNION ALL
      (SELECT p.state, p.payer, p.token, ${since}, CASE WHEN held.by_restore THEN 'restore' END
       FROM payments p CROSS JOIN held WHERE p.state = 'accepted' ORDER BY p.next_attempt_at LIMIT ${ROWS_MAX})
      UNION ALL
      (SELECT p.state, p.payer, p.token, ${since}, NULL FROM payments p
       WHERE p.state = 'review' AND p.intent IS NULL AND p.transaction_id IS NULL
       ORDER BY p.doubt_since LIMIT ${ROWS_MAX})
    )
    SELECT state, hold, payer, token, count(*)::int AS count,
      greatest(0, extract(epoch FROM payment_now() - min(since)))::float8 AS age
    FROM open GROUP BY state, hold, payer, token
  `);
  return rows.map(({ age, ...rest }) => ({ ...rest, oldestAgeSeconds: age }));
}

/** A generation that an operator opened is as old as its plan. */
const since = sql.fragment`CASE WHEN p.generation > 1 THEN coalesce(p.planned_at, p.accepted_at) ELSE p.accepted_at END`;
