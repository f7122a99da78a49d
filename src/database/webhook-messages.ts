import { sql } from "slonik";
import { anyRow, type Transaction } from "./pool.ts";

/**
 * The end of a statement that has just `written` outcomes into the outbox (event_id, payment_id, kind, payload): what their
 * platforms' webhooks have to tell, in the same commit. Where there is no endpoint at all nothing else is even looked at
 * (a one-time filter), and where a platform has none it costs an index look. No row of an endpoint is locked: whoever
 * changes one never holds up a payment.
 */
export const oweMessages = sql.fragment`
  INSERT INTO webhook_messages (id, platform_id, type, payload)
  SELECT w.event_id, p.platform_id, 'payment.' || w.kind, w.payload
  FROM written w
  JOIN payments p ON p.id = w.payment_id
  WHERE EXISTS (SELECT FROM webhook_endpoints)
    AND EXISTS (SELECT FROM webhook_endpoints e
      WHERE e.platform_id = p.platform_id AND e.disabled_at IS NULL AND e.deleted_at IS NULL)
  ON CONFLICT DO NOTHING`;

/** An outcome that our own topic holds, with its bytes. */
export interface AnnouncedMessage {
  readonly eventId: string;
  readonly platformId: string;
  readonly kind: "completed" | "failed";
  readonly payload: Buffer | null;
}

/**
 * The same of outcomes that a restored database had forgotten: whether their platforms were told of them is forgotten as well,
 * so they are told again, under the same id.
 */
export async function oweAnnounced(
  tx: Transaction,
  announced: readonly AnnouncedMessage[],
): Promise<void> {
  const rows = announced.map(({ eventId, platformId, kind, payload }) => [
    eventId,
    platformId,
    `payment.${kind}`,
    payload,
  ]);
  await tx.query(sql.prepared("restore-owe-webhooks", anyRow)`
    INSERT INTO webhook_messages (id, platform_id, type, payload)
    SELECT a.* FROM ${sql.unnest(rows, ["uuid", "text", "text", "bytea"])} AS a (id, platform_id, type, payload)
    WHERE EXISTS (SELECT FROM webhook_endpoints e
      WHERE e.platform_id = a.platform_id AND e.disabled_at IS NULL AND e.deleted_at IS NULL)
    ON CONFLICT DO NOTHING
  `);
}
