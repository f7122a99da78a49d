import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";

const idRow = z.object({ id: z.string() });

/** Those of these keys that are neither revoked nor expired. */
export async function stillOpen(
  pool: Database,
  keyIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await askDatabase(() =>
    pool.any(sql.type(idRow)`
      SELECT id FROM api_keys
      WHERE id = ANY(${sql.array([...keyIds], "text")}) AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > payment_now())
    `),
  );
  return new Set(rows.map(({ id }) => id));
}
