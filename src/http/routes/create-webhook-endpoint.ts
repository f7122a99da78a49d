import { createEndpoint, ENDPOINTS_MAX } from "../../webhooks/create-endpoint.ts";
import { findOwnEndpoint } from "../find-own-webhook.ts";
import { actorOf, assertOwn } from "../own-platform.ts";
import { HttpProblem, notFound } from "../problems.ts";
import { invalidPlace } from "../request-errors.ts";
import { defineRoute } from "../route.ts";
import { createdWebhookEndpoint, webhookEndpointIn } from "../schemas/webhooks.ts";
import { vetWebhookUrl } from "../vet-webhook-url.ts";

export const createWebhookEndpoint = defineRoute({
  method: "POST",
  path: "/v1/webhook-endpoints",
  operationId: "createWebhookEndpoint",
  tag: "Webhooks",
  summary: "Have a URL told how payments end",
  description: `From now on each \`payment.completed\` and \`payment.failed\` of the platform is posted there, signed as Standard
Webhooks has it, until it is answered with 2xx or ten tries are used up. The secret is shown this once.`,
  access: { scope: "webhooks:manage" },
  body: webhookEndpointIn,
  answers: {
    201: {
      description: "Created",
      body: createdWebhookEndpoint,
      headers: { Location: "Where the endpoint is found" },
    },
  },
  problems: ["not_found", "webhook_url_forbidden", "webhook_endpoint_limit"],
})(async ({ deps, key, body: { url, eventTypes, platformId = key.platformId } }) => {
  if (platformId === null) {
    const detail = "A key for all platforms must say whose endpoint it is.";
    throw invalidPlace({ in: "body", pointer: "/platformId", code: "missing", detail });
  }
  assertOwn(key, platformId, "platform");
  await vetWebhookUrl(deps.webhooks, url);
  const order = { platformId, url: new URL(url).href, eventTypes };
  const created = await createEndpoint(deps.pool, order, { actor: actorOf(key) });
  switch (created.kind) {
    case "no_platform":
      throw notFound("platform");
    case "too_many": {
      const detail = `A platform has at most ${ENDPOINTS_MAX} webhook endpoints.`;
      throw new HttpProblem("webhook_endpoint_limit", detail);
    }
    case "created": {
      const { id, secret } = created;
      const endpoint = await findOwnEndpoint(deps, key, id);
      const headers = { location: `/v1/webhook-endpoints/${id}` };
      return { status: 201, body: { ...endpoint, secret }, headers };
    }
  }
});
