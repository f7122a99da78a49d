import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { listWebhookEndpoints as readEndpoints } from "../../queries/webhook-endpoints.ts";
import { defineRoute } from "../route.ts";
import { cursor, limit, pageOf } from "../schemas/primitives.ts";
import { webhookEndpoint } from "../schemas/webhooks.ts";

export const listWebhookEndpoints = defineRoute({
  method: "GET",
  path: "/v1/webhook-endpoints",
  operationId: "listWebhookEndpoints",
  tag: "Webhooks",
  summary: "List webhook endpoints",
  access: { scope: "webhooks:manage" },
  query: z.strictObject({ limit, cursor }),
  answers: {
    200: {
      description: "A page of endpoints, newest first",
      body: pageOf(webhookEndpoint).meta({ id: "WebhookEndpointPage" }),
    },
  },
  problems: [],
})(async ({ deps, key, query }) => ({
  status: 200,
  body: await askDatabase(() => readEndpoints(deps.pool, key.platformId, query)),
}));
