import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";

/** What clients can count on; docs/api.md says so. */
const KEPT_DAYS = 7;
const EVENTS_MAX = 1_000;
/** At once, each in a commit of its own: more than a minute brings at 1,500 outcomes a second. */
const ROUNDS_MAX = 100;

const countRow = z.object({ count: z.bigint() });

/** Lets go of the events that are too old to be played again, the oldest first; answers how many. Throws DATABASE_*. */
export async function forgetEvents(pool: Database, keptDays: number = KEPT_DAYS): Promise<number> {
  let forgotten = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    // The first rows and then their age: to look for old ones would read a week's once none is left.
    const { count } = await askDatabase(() =>
      pool.one(sql.type(countRow)`
        WITH old AS (
          DELETE FROM live_events WHERE number = ANY (ARRAY(
            SELECT number FROM (SELECT number, numbered_at FROM live_events ORDER BY number LIMIT ${EVENTS_MAX}) first
            WHERE numbered_at < payment_now() - ${keptDays} * interval '1 day'))
          RETURNING number
        ), moved AS (
          UPDATE live_sequence SET forgotten = greatest(forgotten, (SELECT max(number) FROM old))
          WHERE EXISTS (SELECT FROM old)
        )
        SELECT count(*) FROM old
      `),
    );
    forgotten += Number(count);
    if (count < BigInt(EVENTS_MAX)) break;
  }
  return forgotten;
}
