import { randomBytes } from "node:crypto";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { DirectoryOrder } from "./order.ts";

/** As Standard Webhooks writes it. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** Gives a platform a new webhook secret, shown this once; the one before works for a day. Null: there is no platform. */
export async function rotateSecret(
  pool: Database,
  platformId: string,
  { actor }: DirectoryOrder,
): Promise<string | null> {
  const secret = newSecret();
  return transact(pool, async (tx) => {
    const exists = await tx.exists(
      sql.type(anyRow)`SELECT FROM platforms WHERE id = ${platformId}`,
    );
    if (!exists) return null;
    await tx.query(sql.type(anyRow)`
      INSERT INTO platform_secrets AS s (platform_id, secret) VALUES (${platformId}, ${secret})
      ON CONFLICT (platform_id) DO UPDATE SET secret = excluded.secret, previous_secret = s.secret,
        previous_until = payment_now() + interval '1 day', rotated_at = payment_now()`);
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'platform.secret_rotated', ${sql.jsonb({ platformId })})`);
    return secret;
  });
}

const secretRow = z.object({ secret: z.string(), previous: z.string().nullable() });

/** The secrets that a platform may sign with now, the newest first; none where there is no such platform. */
export async function readSecrets(pool: Database, platformId: string): Promise<readonly string[]> {
  const found = await askDatabase(() =>
    pool.maybeOne(sql.type(secretRow)`
      SELECT secret, CASE WHEN previous_until > payment_now() THEN previous_secret END AS previous
      FROM platform_secrets WHERE platform_id = ${platformId}`),
  );
  if (!found) return [];
  return found.previous === null ? [found.secret] : [found.secret, found.previous];
}
