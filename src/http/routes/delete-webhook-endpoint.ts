import { z } from "zod";
import { deleteEndpoint } from "../../webhooks/delete-endpoint.ts";
import { findOwnEndpoint } from "../find-own-webhook.ts";
import { actorOf } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { uuid } from "../schemas/primitives.ts";

export const deleteWebhookEndpoint = defineRoute({
  method: "DELETE",
  path: "/v1/webhook-endpoints/{id}",
  operationId: "deleteWebhookEndpoint",
  tag: "Webhooks",
  summary: "Delete a webhook endpoint",
  description: "Nothing is sent to it any more; what waited for it is dropped.",
  access: { scope: "webhooks:manage" },
  params: z.object({ id: uuid }),
  answers: { 204: { description: "Deleted", body: null } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id } }) => {
  await findOwnEndpoint(deps, key, id);
  const isDeleted = await deleteEndpoint(deps.pool, id, { actor: actorOf(key) });
  if (!isDeleted) throw notFound("webhook endpoint");
  return { status: 204, body: null };
});
