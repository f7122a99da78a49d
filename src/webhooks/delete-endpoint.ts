import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DirectoryOrder } from "../directory/order.ts";

const platformRow = z.object({ platformId: z.string() });

/** Nothing is sent to it any more, and its secrets are gone at once; its deliveries, with the week. */
export function deleteEndpoint(
  pool: Database,
  id: string,
  { actor }: DirectoryOrder,
): Promise<boolean> {
  return transact(pool, async (tx) => {
    const deleted = await tx.maybeOne(sql.type(platformRow)`
      UPDATE webhook_endpoints SET deleted_at = payment_now() WHERE id = ${id} AND deleted_at IS NULL
      RETURNING platform_id AS "platformId"`);
    if (!deleted) return false;
    await tx.query(sql.type(anyRow)`DELETE FROM webhook_secrets WHERE endpoint_id = ${id}`);
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'webhook_endpoint.deleted', ${sql.jsonb({ ...deleted, endpointId: id })})`);
    return true;
  });
}
