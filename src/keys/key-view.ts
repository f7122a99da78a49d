import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

const isoTime = z.date().transform((date) => date.toISOString());

export const keyRow = z.object({
  id: z.string(),
  name: z.string(),
  /** Null: of all platforms. */
  platformId: z.string().nullable(),
  scopes: z.array(z.string()),
  state: z.enum(["active", "expired", "revoked"]),
  createdAt: isoTime,
  expiresAt: isoTime.nullable(),
  lastUsedAt: isoTime.nullable(),
  revokedAt: isoTime.nullable(),
});

/** A key as people meet it: everything but what opens anything. */
export type KeyView = z.infer<typeof keyRow>;

/** The columns of `keyRow`. */
export const keyColumns = sql.fragment`
  k.id, k.name, k.platform_id AS "platformId", k.scopes, k.created_at AS "createdAt", k.expires_at AS "expiresAt",
  k.last_used_at AS "lastUsedAt", k.revoked_at AS "revokedAt",
  CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at <= payment_now() THEN 'expired' ELSE 'active' END AS state`;

/** Every key there ever was, newest first. */
export async function listKeys(db: CommonQueryMethods): Promise<readonly KeyView[]> {
  return db.any(sql.type(keyRow)`
    SELECT ${keyColumns} FROM api_keys k ORDER BY k.created_at DESC, k.id
  `);
}
