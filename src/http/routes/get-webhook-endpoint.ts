import { z } from "zod";
import { findOwnEndpoint } from "../find-own-webhook.ts";
import { defineRoute } from "../route.ts";
import { uuid } from "../schemas/primitives.ts";
import { webhookEndpoint } from "../schemas/webhooks.ts";

export const getWebhookEndpoint = defineRoute({
  method: "GET",
  path: "/v1/webhook-endpoints/{id}",
  operationId: "getWebhookEndpoint",
  tag: "Webhooks",
  summary: "Show a webhook endpoint",
  description: "Without its secret, which is shown when it is made.",
  access: { scope: "webhooks:manage" },
  params: z.object({ id: uuid }),
  answers: { 200: { description: "The endpoint", body: webhookEndpoint } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id } }) => ({
  status: 200,
  body: await findOwnEndpoint(deps, key, id),
}));
