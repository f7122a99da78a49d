import { z } from "zod";
import { orderPause } from "../pausing.ts";
import { defineRoute } from "../route.ts";
import { pausing, reasoned } from "../schemas/operating.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const pausePlatform = defineRoute({
  method: "POST",
  path: "/v1/platforms/{id}/pause",
  operationId: "pausePlatform",
  tag: "Operating",
  summary: "Stop sending for one platform",
  description: "What was sent is followed and settled all the same. Asked twice, it changes once.",
  access: { scope: "operate" },
  params: z.object({ id: opaqueId }),
  body: reasoned,
  answers: { 200: { description: "How it stands", body: pausing } },
  problems: ["not_found"],
})(async ({ deps, key, params: { id: platformId }, body: { reason } }) => ({
  status: 200,
  body: await orderPause(deps, key, { action: "pause", platformId, reason }),
}));
