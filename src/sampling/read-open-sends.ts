import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

export interface OperatorSends {
  readonly operator: string;
  readonly count: number;
  readonly oldestAgeSeconds: number;
}

/** Plain transfers are sent by their payers: of those, the ones whose sends are open longest. */
const OPERATORS_MAX = 50;

const row = z.object({ operator: z.string(), count: z.number(), oldestAgeSeconds: z.number() });

/** Sends that may still be mined, by who sent them. */
export async function readOpenSends(db: CommonQueryMethods): Promise<readonly OperatorSends[]> {
  return db.any(sql.type(row)`
    SELECT operator, count(*)::int AS count,
      greatest(0, extract(epoch FROM payment_now() - min(created_at)))::float8 AS "oldestAgeSeconds"
    FROM transactions WHERE state = 'open'
    GROUP BY operator ORDER BY min(created_at) LIMIT ${OPERATORS_MAX}
  `);
}
