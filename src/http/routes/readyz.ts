import { defineRoute } from "../route.ts";
import { readiness } from "../schemas/status.ts";

export const readyz = defineRoute({
  method: "GET",
  path: "/readyz",
  operationId: "readyz",
  tag: "Service",
  summary: "Whether requests should come here",
  description:
    "Trouble with the chain, a pause or an unconfirmed restore is `degraded` and still `200`: what is accepted then waits.",
  access: "probe",
  answers: {
    200: { description: "They should", body: readiness },
    503: { description: "They should not", body: readiness },
  },
  problems: [],
})(async ({ deps }) => {
  const body = await deps.readiness();
  return { status: body.status === "unavailable" ? 503 : 200, body };
});
