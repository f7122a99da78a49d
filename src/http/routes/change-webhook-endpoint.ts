import { z } from "zod";
import { changeEndpoint } from "../../webhooks/change-endpoint.ts";
import { findOwnEndpoint } from "../find-own-webhook.ts";
import { actorOf } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { uuid } from "../schemas/primitives.ts";
import { webhookEndpoint, webhookEndpointChange } from "../schemas/webhooks.ts";
import { vetWebhookUrl } from "../vet-webhook-url.ts";

export const changeWebhookEndpoint = defineRoute({
  method: "PATCH",
  path: "/v1/webhook-endpoints/{id}",
  operationId: "changeWebhookEndpoint",
  tag: "Webhooks",
  summary: "Change, disable or enable a webhook endpoint",
  description:
    "What is not named stays as it is. While it is disabled it is told of nothing new; what waited for it goes on once it is enabled.",
  access: { scope: "webhooks:manage" },
  params: z.object({ id: uuid }),
  body: webhookEndpointChange,
  answers: { 200: { description: "As it is now", body: webhookEndpoint } },
  problems: ["not_found", "webhook_url_forbidden"],
})(async ({ deps, key, params: { id }, body: { url, ...change } }) => {
  await findOwnEndpoint(deps, key, id);
  if (url !== undefined) await vetWebhookUrl(deps.webhooks, url);
  const wanted = { ...change, url: url === undefined ? undefined : new URL(url).href };
  const isThere = await changeEndpoint(deps.pool, id, wanted, { actor: actorOf(key) });
  if (!isThere) throw notFound("webhook endpoint");
  deps.webhooks.due.ring();
  return { status: 200, body: await findOwnEndpoint(deps, key, id) };
});
