import { z } from "zod";
import { rotateSecret } from "../../directory/platform-secret.ts";
import { actorOf, assertOwn } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const rotatePlatformSecret = defineRoute({
  method: "POST",
  path: "/v1/platforms/{id}/rotate-secret",
  operationId: "rotatePlatformSecret",
  tag: "Directory",
  summary: "Give a platform a new webhook secret",
  description: "Shown this once. The secret before it works for 24 hours more.",
  access: { scope: "directory:write" },
  params: z.object({ id: opaqueId }),
  answers: {
    200: {
      description: "The new secret",
      body: z
        .object({ platformId: z.string(), webhookSecret: z.string() })
        .meta({ id: "RotatedSecret" }),
    },
  },
  problems: ["not_found"],
})(async ({ deps, key, params: { id } }) => {
  assertOwn(key, id, "platform");
  const secret = await rotateSecret(deps.pool, id, { actor: actorOf(key) });
  if (secret === null) throw notFound("platform");
  return { status: 200, body: { platformId: id, webhookSecret: secret } };
});
