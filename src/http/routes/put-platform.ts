import assert from "node:assert/strict";
import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { putPlatform as writePlatform } from "../../directory/put-platform.ts";
import { getPlatform } from "../../queries/directory.ts";
import { actorOf } from "../own-platform.ts";
import { defineRoute } from "../route.ts";
import { platform, platformIn } from "../schemas/directory.ts";
import { opaqueId } from "../schemas/primitives.ts";

const written = platform
  .extend({
    webhookSecret: z
      .string()
      .nullable()
      .meta({ description: "What the platform signs its webhooks with; shown this once" }),
  })
  .meta({ id: "PlatformPut" });

export const putPlatform = defineRoute({
  method: "PUT",
  path: "/v1/platforms/{id}",
  operationId: "putPlatform",
  tag: "Directory",
  summary: "Create or change a platform",
  description:
    "Who pays, from which wallet and at what fee: only a key for all platforms may say it. Each change is in the audit log.",
  access: { scope: "directory:write", allPlatforms: true },
  params: z.object({ id: opaqueId }),
  body: platformIn,
  answers: {
    200: { description: "As it is now", body: written },
    201: { description: "Created", body: written },
  },
  problems: [],
})(async ({ deps, key, params: { id }, body: { feePercentage = null, ...body } }) => {
  const { kind, secret } = await writePlatform(
    deps.pool,
    { id, feePercentage, ...body },
    { actor: actorOf(key) },
  );
  const found = await askDatabase(() => getPlatform(deps.pool, id));
  assert(found, "platforms are never deleted");
  return { status: kind === "created" ? 201 : 200, body: { ...found, webhookSecret: secret } };
});
