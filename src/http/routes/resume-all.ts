import { orderPause } from "../pausing.ts";
import { defineRoute } from "../route.ts";
import { pausing, reasoned } from "../schemas/operating.ts";

export const resumeAll = defineRoute({
  method: "POST",
  path: "/v1/resume",
  operationId: "resumeAll",
  tag: "Operating",
  summary: "Let sending go on",
  description: "What was sent is followed and settled all the same. Asked twice, it changes once.",
  access: { scope: "operate", allPlatforms: true },
  body: reasoned,
  answers: { 200: { description: "How it stands", body: pausing } },
  problems: [],
})(async ({ deps, key, body: { reason } }) => ({
  status: 200,
  body: await orderPause(deps, key, { action: "resume", reason }),
}));
