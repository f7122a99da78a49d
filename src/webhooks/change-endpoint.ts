import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DirectoryOrder } from "../directory/order.ts";
import type { WebhookEventType } from "./event-types.ts";

export interface EndpointChange {
  readonly url?: string | undefined;
  readonly eventTypes?: readonly WebhookEventType[] | undefined;
  readonly enabled?: boolean | undefined;
}

const endpointRow = z.object({
  platformId: z.string(),
  url: z.string(),
  eventTypes: z.array(z.string()),
  disabledReason: z.string().nullable(),
});
type Endpoint = z.infer<typeof endpointRow>;

/**
 * Says anew what an endpoint is; what waits for it goes where it is then. Enabled again, or somewhere else, it counts as well
 * until it fails. Answers whether there is such an endpoint.
 */
export function changeEndpoint(
  pool: Database,
  id: string,
  change: EndpointChange,
  { actor }: DirectoryOrder,
): Promise<boolean> {
  return transact(pool, async (tx) => {
    const before = await tx.maybeOne(sql.type(endpointRow)`
      SELECT platform_id AS "platformId", url, event_types AS "eventTypes", disabled_reason AS "disabledReason"
      FROM webhook_endpoints WHERE id = ${id} AND deleted_at IS NULL FOR UPDATE`);
    if (!before) return false;
    const after = changed(before, change);
    if (JSON.stringify(after) !== JSON.stringify(before))
      await write(tx, id, { before, after, actor });
    return true;
  });
}

/** Pure. */
function changed(before: Endpoint, { url, eventTypes, enabled }: EndpointChange): Endpoint {
  return {
    ...before,
    url: url ?? before.url,
    eventTypes: eventTypes ? [...eventTypes] : before.eventTypes,
    disabledReason: reasonAfter(before.disabledReason, enabled),
  };
}

function reasonAfter(before: string | null, enabled: boolean | undefined): string | null {
  if (enabled === undefined) return before;
  return enabled ? null : (before ?? "requested");
}

async function write(
  tx: Transaction,
  id: string,
  { before, after, actor }: { before: Endpoint; after: Endpoint; actor: string },
): Promise<void> {
  const { url, eventTypes, disabledReason } = after;
  await tx.query(sql.type(anyRow)`
    UPDATE webhook_endpoints SET url = ${url}, event_types = ${sql.array(eventTypes, "text")},
      disabled_reason = ${disabledReason},
      disabled_at = CASE WHEN ${disabledReason}::text IS NOT NULL THEN coalesce(disabled_at, payment_now()) END,
      failing_since = NULL, updated_at = payment_now()
    WHERE id = ${id}`);
  const shown = (of: Endpoint) => ({
    host: new URL(of.url).host,
    eventTypes: of.eventTypes,
    disabledReason: of.disabledReason,
  });
  const details = {
    platformId: before.platformId,
    endpointId: id,
    before: shown(before),
    after: shown(after),
    urlChanged: before.url !== after.url,
  };
  await tx.query(sql.type(anyRow)`
    INSERT INTO audit_log (actor, action, details)
    VALUES (${actor}, 'webhook_endpoint.changed', ${sql.jsonb(details)})`);
}
