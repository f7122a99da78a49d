import { z } from "zod";
import { redeliver } from "../../webhooks/redeliver.ts";
import { assertEnabled, findOwnDelivery, findOwnEndpoint } from "../find-own-webhook.ts";
import { actorOf } from "../own-platform.ts";
import { defineRoute } from "../route.ts";
import { uuid } from "../schemas/primitives.ts";
import { webhookDelivery } from "../schemas/webhooks.ts";

export const redeliverWebhook = defineRoute({
  method: "POST",
  path: "/v1/webhook-deliveries/{id}/redeliver",
  operationId: "redeliverWebhook",
  tag: "Webhooks",
  summary: "Deliver a webhook again",
  description:
    "Now, with ten tries more, whatever became of it: the same bytes under the same `webhook-id`, so a receiver that had it knows.",
  access: { scope: "webhooks:manage" },
  params: z.object({ id: uuid }),
  answers: { 202: { description: "On its way", body: webhookDelivery } },
  problems: ["not_found", "webhook_endpoint_disabled"],
})(async ({ deps, key, params: { id } }) => {
  const delivery = await findOwnDelivery(deps, key, id);
  assertEnabled(await findOwnEndpoint(deps, key, delivery.endpointId));
  await redeliver(deps.pool, delivery, { actor: actorOf(key) });
  deps.webhooks.due.ring();
  return { status: 202, body: await findOwnDelivery(deps, key, id) };
});
