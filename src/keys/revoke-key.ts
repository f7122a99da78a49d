import { sql } from "slonik";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";

export type Revocation = "revoked" | "revoked_before" | "not_found";

/** Ends a key for good; the instances notice within seconds. Asked twice, it is done once. */
export async function revokeKey(
  pool: Database,
  id: string,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): Promise<Revocation> {
  return transact(pool, async (tx): Promise<Revocation> => {
    const { rowCount } = await tx.query(sql.type(anyRow)`
      UPDATE api_keys SET revoked_at = payment_now() WHERE id = ${id} AND revoked_at IS NULL`);
    if (rowCount === 0) {
      const exists = await tx.exists(sql.type(anyRow)`SELECT FROM api_keys WHERE id = ${id}`);
      return exists ? "revoked_before" : "not_found";
    }
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'key.revoked', ${sql.jsonb({ reason, keyId: id })})`);
    return "revoked";
  });
}
