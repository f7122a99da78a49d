import { sql } from "slonik";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DisabledReason } from "./event-types.ts";

/**
 * Tells an endpoint nothing more until its platform enables it again; what waits for it waits on. With a URL only while it
 * is there still: who moved on meanwhile is not meant. Answers whether it was enabled until now.
 */
export function disableEndpoint(
  pool: Database,
  { id, url = null }: { readonly id: string; readonly url?: string | null },
  reason: Exclude<DisabledReason, "requested">,
): Promise<boolean> {
  return transact(pool, async (tx) => {
    const { rowCount } = await tx.query(sql.type(anyRow)`
      WITH disabled AS (
        UPDATE webhook_endpoints SET disabled_at = payment_now(), disabled_reason = ${reason}, updated_at = payment_now()
        WHERE id = ${id} AND disabled_at IS NULL AND deleted_at IS NULL AND (${url}::text IS NULL OR url = ${url})
        RETURNING id, platform_id
      )
      INSERT INTO audit_log (actor, action, details)
      SELECT 'system', 'webhook_endpoint.disabled',
        jsonb_build_object('platformId', platform_id, 'endpointId', id, 'reason', ${reason}::text)
      FROM disabled`);
    return rowCount === 1;
  });
}
