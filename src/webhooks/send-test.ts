import { randomUUID } from "node:crypto";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DirectoryOrder } from "../directory/order.ts";
import { TEST_TYPE } from "./event-types.ts";
import { testBody } from "./message-body.ts";

const nowRow = z.object({ now: z.date() });
const idRow = z.object({ id: z.string() });

/** A delivery of nothing but itself, through all that a payment's goes through. Answers its id. */
export function sendTest(
  pool: Database,
  { id: endpointId, platformId }: { readonly id: string; readonly platformId: string },
  { actor }: DirectoryOrder,
): Promise<string> {
  const messageId = randomUUID();
  return transact(pool, async (tx) => {
    const { now } = await tx.one(sql.type(nowRow)`SELECT payment_now() AS now`);
    const body = testBody(endpointId, now);
    await tx.query(sql.type(anyRow)`
      INSERT INTO webhook_messages (id, platform_id, type, body, fanned_out_at)
      VALUES (${messageId}, ${platformId}, ${TEST_TYPE}, ${body}, payment_now())`);
    const { id } = await tx.one(sql.type(idRow)`
      INSERT INTO webhook_deliveries (message_id, endpoint_id, next_attempt_at)
      VALUES (${messageId}, ${endpointId}, payment_now()) RETURNING id`);
    const details = { platformId, endpointId, deliveryId: id };
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'webhook_endpoint.tested', ${sql.jsonb(details)})`);
    return id;
  });
}
