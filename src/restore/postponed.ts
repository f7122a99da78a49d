import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";

const idRow = z.object({ id: z.string() });

/**
 * Payments that the chain has paid and that say otherwise, some at a time and after `after`. What is accepted only is
 * looked at again anyway. Throws DATABASE_*.
 */
export async function findPostponed(pool: Database, after: string): Promise<readonly string[]> {
  const rows = await askDatabase(() =>
    pool.any(sql.prepared("restore-postponed", idRow)`
      SELECT p.id FROM payments p
      WHERE p.id > ${after}::uuid AND p.state IN ('planned', 'voiding', 'review', 'failed')
        AND EXISTS (SELECT FROM chain_events e WHERE e.payment_id = p.id AND e.kind = 'paid')
      ORDER BY p.id LIMIT 200
    `),
  );
  return rows.map(({ id }) => id);
}
