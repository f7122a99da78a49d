import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { DELIVERY_STATUSES, type DeliveryStatus } from "../webhooks/event-types.ts";

const isoTime = z.date().transform((date) => date.toISOString());

const deliveryRow = z.object({
  id: z.string(),
  endpointId: z.string(),
  platformId: z.string(),
  webhookId: z.string(),
  eventType: z.string(),
  status: z.enum(DELIVERY_STATUSES),
  attempts: z.number(),
  nextAttemptAt: isoTime.nullable(),
  lastAttemptAt: isoTime.nullable(),
  lastOutcome: z.string().nullable(),
  lastStatusCode: z.number().nullable(),
  lastDurationMs: z.number().nullable(),
  deliveredAt: isoTime.nullable(),
  createdAt: isoTime,
});

/** A delivery as programs meet it. Of the receiver's answer, the status. */
export type WebhookDeliveryView = z.infer<typeof deliveryRow>;

/** Of a delivery `d`, its message `m` and its endpoint `e`. */
const columns = sql.fragment`
  d.id, d.endpoint_id AS "endpointId", e.platform_id AS "platformId", d.message_id AS "webhookId",
  m.type AS "eventType", d.status, d.attempts, d.next_attempt_at AS "nextAttemptAt",
  d.last_attempt_at AS "lastAttemptAt", d.last_outcome AS "lastOutcome", d.last_status_code AS "lastStatusCode",
  d.last_duration_ms AS "lastDurationMs", d.delivered_at AS "deliveredAt", d.created_at AS "createdAt"`;

export function getWebhookDelivery(
  db: CommonQueryMethods,
  id: string,
): Promise<WebhookDeliveryView | null> {
  return db.maybeOne(sql.type(deliveryRow)`
    SELECT ${columns} FROM webhook_deliveries d JOIN webhook_messages m ON m.id = d.message_id
    JOIN webhook_endpoints e ON e.id = d.endpoint_id AND e.deleted_at IS NULL
    WHERE d.id = ${id}::uuid
  `);
}

export interface DeliveryFilter {
  /** Null: of all platforms. */
  readonly platformId: string | null;
  readonly endpointId?: string | null | undefined;
  readonly status?: DeliveryStatus | undefined;
}

export interface DeliveryPage {
  readonly data: readonly WebhookDeliveryView[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Deliveries, newest first: each endpoint's newest, by its index, and of those the newest. The cursor is the last one's id. */
export async function listWebhookDeliveries(
  db: CommonQueryMethods,
  { platformId, endpointId = null, status }: DeliveryFilter,
  { limit, cursor = null }: { readonly limit: number; readonly cursor?: string | null | undefined },
): Promise<DeliveryPage> {
  const ofStatus = status === undefined ? sql.fragment`true` : sql.fragment`w.status = ${status}`;
  const before =
    cursor === null
      ? sql.fragment`true`
      : sql.fragment`(w.created_at, w.id) < (SELECT c.created_at, c.id FROM webhook_deliveries c WHERE c.id = ${cursor}::uuid)`;
  const rows = await db.any(sql.type(deliveryRow)`
    SELECT ${columns}
    FROM webhook_endpoints e CROSS JOIN LATERAL (
      SELECT w.* FROM webhook_deliveries w
      WHERE w.endpoint_id = e.id AND ${ofStatus} AND ${before}
      ORDER BY w.created_at DESC, w.id DESC LIMIT ${limit + 1}
    ) d JOIN webhook_messages m ON m.id = d.message_id
    WHERE e.deleted_at IS NULL AND (${platformId}::text IS NULL OR e.platform_id = ${platformId})
      AND (${endpointId}::uuid IS NULL OR e.id = ${endpointId}::uuid)
    ORDER BY d.created_at DESC, d.id DESC
    LIMIT ${limit + 1}
  `);
  const data = rows.slice(0, limit);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}
