import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { getPlatform as readPlatform } from "../../queries/directory.ts";
import { assertOwn } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { platform } from "../schemas/directory.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const getPlatform = defineRoute({
  method: "GET",
  path: "/v1/platforms/{id}",
  operationId: "getPlatform",
  tag: "Directory",
  summary: "Show a platform",
  access: { scope: "payments:read" },
  params: z.object({ id: opaqueId }),
  answers: { 200: { description: "The platform", body: platform } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id } }) => {
  assertOwn(key, id, "platform");
  const found = await askDatabase(() => readPlatform(deps.pool, id));
  if (!found) throw notFound("platform");
  return { status: 200, body: found };
});
