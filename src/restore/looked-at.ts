import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import { signKey, type RestoreSign } from "./restore-sign.ts";

const foundRow = z.object({ is_found: z.boolean() });

/**
 * Whether an operator has closed a restore that showed this very sign: until the consumer has read again what was forgotten,
 * Kafka goes on to know more than the database, and that is no second restore. Throws DATABASE_*.
 */
export async function isLookedAt(
  db: CommonQueryMethods,
  sign: Extract<RestoreSign, { kind: "offsets" }>,
): Promise<boolean> {
  const { is_found: isFound } = await askDatabase(() =>
    db.one(sql.prepared("restore-looked-at", foundRow)`
      SELECT EXISTS (
        SELECT FROM restores
        WHERE closed_at IS NOT NULL AND (signs -> ${signKey(sign)}::text ->> 'known')::bigint >= ${sign.known}::bigint
      ) AS is_found
    `),
  );
  return isFound;
}
