import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DirectoryOrder } from "../directory/order.ts";
import { newSecret } from "../directory/platform-secret.ts";
import type { WebhookEventType } from "./event-types.ts";

/** Of one platform: each costs a delivery per event. */
export const ENDPOINTS_MAX = 16;

export interface EndpointOrder {
  readonly platformId: string;
  readonly url: string;
  readonly eventTypes: readonly WebhookEventType[];
}

export type CreatedEndpoint =
  | { readonly kind: "created"; readonly id: string; readonly secret: string }
  | { readonly kind: "no_platform" | "too_many" };

const idRow = z.object({ id: z.string() });

/** A new endpoint with its secret, which is shown this once. The audit log has the URL's host only: the rest may be a token. */
export function createEndpoint(
  pool: Database,
  { platformId, url, eventTypes }: EndpointOrder,
  { actor }: DirectoryOrder,
): Promise<CreatedEndpoint> {
  const secret = newSecret();
  const types = sql.array([...eventTypes], "text");
  return transact(pool, async (tx): Promise<CreatedEndpoint> => {
    // Two at once must not both be the last one that fits. Payments only ever share this row's key.
    const platform = await tx.maybeOne(
      sql.type(idRow)`SELECT id FROM platforms WHERE id = ${platformId} FOR NO KEY UPDATE`,
    );
    if (!platform) return { kind: "no_platform" };
    const there = await tx.any(sql.type(idRow)`
      SELECT id FROM webhook_endpoints WHERE platform_id = ${platformId} AND deleted_at IS NULL`);
    if (there.length >= ENDPOINTS_MAX) return { kind: "too_many" };
    const { id } = await tx.one(sql.type(idRow)`
      INSERT INTO webhook_endpoints (platform_id, url, event_types) VALUES (${platformId}, ${url}, ${types})
      RETURNING id`);
    await tx.query(
      sql.type(anyRow)`INSERT INTO webhook_secrets (endpoint_id, secret) VALUES (${id}, ${secret})`,
    );
    const details = { platformId, endpointId: id, host: new URL(url).host, eventTypes };
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'webhook_endpoint.created', ${sql.jsonb(details)})`);
    return { kind: "created", id, secret };
  });
}
