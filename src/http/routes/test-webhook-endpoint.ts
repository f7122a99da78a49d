import { z } from "zod";
import { sendTest } from "../../webhooks/send-test.ts";
import { assertEnabled, findOwnDelivery, findOwnEndpoint } from "../find-own-webhook.ts";
import { actorOf } from "../own-platform.ts";
import { defineRoute } from "../route.ts";
import { uuid } from "../schemas/primitives.ts";
import { webhookDelivery } from "../schemas/webhooks.ts";

export const testWebhookEndpoint = defineRoute({
  method: "POST",
  path: "/v1/webhook-endpoints/{id}/test",
  operationId: "testWebhookEndpoint",
  tag: "Webhooks",
  summary: "Send a test to a webhook endpoint",
  description:
    "An event of the type `test`, signed and tried as every other. `GET /v1/webhook-deliveries` shows what became of it.",
  access: { scope: "webhooks:manage" },
  params: z.object({ id: uuid }),
  answers: { 202: { description: "On its way", body: webhookDelivery } },
  problems: ["not_found", "webhook_endpoint_disabled"],
})(async ({ deps, key, params: { id } }) => {
  const endpoint = await findOwnEndpoint(deps, key, id);
  assertEnabled(endpoint);
  const deliveryId = await sendTest(deps.pool, endpoint, { actor: actorOf(key) });
  deps.webhooks.due.ring();
  return { status: 202, body: await findOwnDelivery(deps, key, deliveryId) };
});
