import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { listWebhookDeliveries as readDeliveries } from "../../queries/webhook-deliveries.ts";
import { DELIVERY_STATUSES } from "../../webhooks/event-types.ts";
import { defineRoute } from "../route.ts";
import { cursor, limit, pageOf, uuid } from "../schemas/primitives.ts";
import { webhookDelivery } from "../schemas/webhooks.ts";

export const listWebhookDeliveries = defineRoute({
  method: "GET",
  path: "/v1/webhook-deliveries",
  operationId: "listWebhookDeliveries",
  tag: "Webhooks",
  summary: "List webhook deliveries",
  description: "Newest first, for seven days. Of the receiver's answer only the status is kept.",
  access: { scope: "webhooks:manage" },
  query: z.strictObject({
    endpointId: uuid.optional().meta({ description: "Only this endpoint's" }),
    status: z.enum(DELIVERY_STATUSES).optional().meta({ description: "Only those that stand so" }),
    limit,
    cursor,
  }),
  answers: {
    200: {
      description: "A page of deliveries",
      body: pageOf(webhookDelivery).meta({ id: "WebhookDeliveryPage" }),
    },
  },
  problems: [],
})(async ({ deps, key, query: { limit, cursor, ...filter } }) => {
  const { platformId } = key;
  const body = await askDatabase(() =>
    readDeliveries(deps.pool, { ...filter, platformId }, { limit, cursor }),
  );
  return { status: 200, body };
});
