import { sql } from "slonik";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DirectoryOrder } from "../directory/order.ts";
import { TRIES } from "./schedule.ts";

/**
 * Makes a delivery due now, whatever became of it, with ten tries more: the same bytes under the same id. A try that is under
 * way goes on, and what it brings counts unless this one has begun.
 */
export function redeliver(
  pool: Database,
  delivery: { readonly id: string; readonly endpointId: string; readonly platformId: string },
  { actor }: DirectoryOrder,
): Promise<void> {
  const { id, endpointId, platformId } = delivery;
  return transact(pool, async (tx) => {
    await tx.query(sql.type(anyRow)`
      UPDATE webhook_deliveries SET status = 'pending', next_attempt_at = payment_now(), attempts_max = attempts + ${TRIES},
        delivered_at = NULL
      WHERE id = ${id}`);
    const details = { platformId, endpointId, deliveryId: id };
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'webhook_delivery.redelivered', ${sql.jsonb(details)})`);
  });
}
