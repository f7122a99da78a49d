import { askDatabase } from "../database/translate-error.ts";
import type { ApiKey } from "../keys/find-key.ts";
import { getWebhookDelivery, type WebhookDeliveryView } from "../queries/webhook-deliveries.ts";
import { getWebhookEndpoint, type WebhookEndpointView } from "../queries/webhook-endpoints.ts";
import type { ApiDeps } from "./api-deps.ts";
import { assertOwn } from "./own-platform.ts";
import { HttpProblem, notFound } from "./problems.ts";

/** An endpoint that this key may see. Throws `not_found` for another's, as if there were none. */
export async function findOwnEndpoint(
  { pool }: Pick<ApiDeps, "pool">,
  key: ApiKey,
  id: string,
): Promise<WebhookEndpointView> {
  const endpoint = await askDatabase(() => getWebhookEndpoint(pool, id));
  if (!endpoint) throw notFound("webhook endpoint");
  assertOwn(key, endpoint.platformId, "webhook endpoint");
  return endpoint;
}

/** A delivery to one of them. */
export async function findOwnDelivery(
  { pool }: Pick<ApiDeps, "pool">,
  key: ApiKey,
  id: string,
): Promise<WebhookDeliveryView> {
  const delivery = await askDatabase(() => getWebhookDelivery(pool, id));
  if (!delivery) throw notFound("webhook delivery");
  assertOwn(key, delivery.platformId, "webhook delivery");
  return delivery;
}

/** What would only wait is not begun. Throws `webhook_endpoint_disabled`. */
export function assertEnabled({ disabled }: WebhookEndpointView): void {
  if (!disabled) return;
  const { since, reason } = disabled;
  throw new HttpProblem("webhook_endpoint_disabled", `It is disabled since ${since} (${reason}).`);
}
