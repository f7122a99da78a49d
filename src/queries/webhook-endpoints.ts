import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { DISABLED_REASONS, WEBHOOK_EVENT_TYPES } from "../webhooks/event-types.ts";

const isoTime = z.date().transform((date) => date.toISOString());

const endpointRow = z
  .object({
    id: z.string(),
    platformId: z.string(),
    url: z.string(),
    eventTypes: z.array(z.enum(WEBHOOK_EVENT_TYPES)),
    disabledAt: isoTime.nullable(),
    disabledReason: z.enum(DISABLED_REASONS).nullable(),
    failingSince: isoTime.nullable(),
    secretRotatedAt: isoTime,
    previousSecretUntil: isoTime.nullable(),
    createdAt: isoTime,
    updatedAt: isoTime,
  })
  .transform(({ disabledAt, disabledReason, ...endpoint }) => ({
    ...endpoint,
    disabled:
      disabledAt !== null && disabledReason !== null
        ? { since: disabledAt, reason: disabledReason }
        : null,
  }));

/** An endpoint as programs meet it; never its secrets. */
export type WebhookEndpointView = z.infer<typeof endpointRow>;

const columns = sql.fragment`
  e.id, e.platform_id AS "platformId", e.url, e.event_types AS "eventTypes", e.disabled_at AS "disabledAt",
  e.disabled_reason AS "disabledReason", e.failing_since AS "failingSince", s.rotated_at AS "secretRotatedAt",
  CASE WHEN s.previous_until > payment_now() THEN s.previous_until END AS "previousSecretUntil",
  e.created_at AS "createdAt", e.updated_at AS "updatedAt"`;

export function getWebhookEndpoint(
  db: CommonQueryMethods,
  id: string,
): Promise<WebhookEndpointView | null> {
  return db.maybeOne(sql.type(endpointRow)`
    SELECT ${columns} FROM webhook_endpoints e JOIN webhook_secrets s ON s.endpoint_id = e.id
    WHERE e.id = ${id}::uuid AND e.deleted_at IS NULL
  `);
}

export interface EndpointPage {
  readonly data: readonly WebhookEndpointView[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Endpoints, newest first; the cursor is the last one's id. */
export async function listWebhookEndpoints(
  db: CommonQueryMethods,
  platformId: string | null,
  { limit, cursor = null }: { readonly limit: number; readonly cursor?: string | null | undefined },
): Promise<EndpointPage> {
  const before =
    cursor === null
      ? sql.fragment`true`
      : sql.fragment`(e.created_at, e.id) < (SELECT c.created_at, c.id FROM webhook_endpoints c WHERE c.id = ${cursor}::uuid)`;
  const rows = await db.any(sql.type(endpointRow)`
    SELECT ${columns} FROM webhook_endpoints e JOIN webhook_secrets s ON s.endpoint_id = e.id
    WHERE e.deleted_at IS NULL AND (${platformId}::text IS NULL OR e.platform_id = ${platformId})
      AND ${before}
    ORDER BY e.created_at DESC, e.id DESC
    LIMIT ${limit + 1}
  `);
  const data = rows.slice(0, limit);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}
