import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

const pauseRow = z.object({
  scope: z.string(),
  reason: z.string(),
  actor: z.string(),
  since: z.date().transform((date) => date.toISOString()),
});

/** What is paused at this moment, the oldest first; scope `*` is everything. */
export async function listPauses(
  db: CommonQueryMethods,
): Promise<readonly z.infer<typeof pauseRow>[]> {
  return db.any(sql.type(pauseRow)`
    SELECT scope, reason, actor, since FROM pauses ORDER BY since, scope
  `);
}
