import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";

const idRow = z.object({ id: z.string() });

/** Each look reads through what the chain said of late; one transaction settles them. */
const IDS_MAX = 500;

/**
 * Payments that the chain has paid and that say otherwise, some at a time and after `after`. What is accepted only is
 * looked at again anyway. Throws DATABASE_*.
 */
export async function findPostponed(pool: Database, after: string): Promise<readonly string[]> {
  const rows = await askDatabase(() =>
    pool.any(sql.prepared("restore-postponed", idRow)`
      SELECT DISTINCT p.id FROM chain_events e JOIN payments p ON p.id = e.payment_id
      WHERE e.kind = 'paid' AND e.payment_id > ${after}::uuid
        AND p.state IN ('planned', 'voiding', 'review', 'failed')
        AND e.followed_at >= (SELECT max(detected_at) FROM restores) - interval '1 day'
      ORDER BY p.id LIMIT ${IDS_MAX}
    `),
  );
  return rows.map(({ id }) => id);
}
