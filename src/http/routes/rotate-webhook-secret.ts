import { z } from "zod";
import { rotateEndpointSecret } from "../../webhooks/rotate-endpoint-secret.ts";
import { findOwnEndpoint } from "../find-own-webhook.ts";
import { actorOf } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { uuid } from "../schemas/primitives.ts";
import { rotatedWebhookSecret } from "../schemas/webhooks.ts";

export const rotateWebhookSecret = defineRoute({
  method: "POST",
  path: "/v1/webhook-endpoints/{id}/rotate-secret",
  operationId: "rotateWebhookSecret",
  tag: "Webhooks",
  summary: "Give a webhook endpoint a new secret",
  description:
    "Shown this once. For 24 hours deliveries carry a signature by each of the two, so that the receiver can change over when it likes.",
  access: { scope: "webhooks:manage" },
  params: z.object({ id: uuid }),
  answers: { 200: { description: "The new secret", body: rotatedWebhookSecret } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id } }) => {
  const endpoint = await findOwnEndpoint(deps, key, id);
  const rotated = await rotateEndpointSecret(deps.pool, endpoint, { actor: actorOf(key) });
  if (!rotated) throw notFound("webhook endpoint");
  const { secret, previousUntil } = rotated;
  return { status: 200, body: { endpointId: id, secret, previousSecretUntil: previousUntil } };
});
