import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";

/** Circle asks so before it subscribes an address. */
export const checkCircleEndpoint = defineRoute({
  method: "HEAD",
  path: "/v1/webhooks/circle",
  operationId: "checkCircleEndpoint",
  tag: "Service",
  summary: "Whether notifications of Circle's are taken here",
  description: "Asked by Circle before it subscribes an address.",
  access: "open",
  answers: { 200: { description: "They are", body: null } },
  problems: ["not_found"],
})(async ({ deps }) => {
  if (!deps.notifications) throw notFound("path");
  return { status: 200, body: null };
});
