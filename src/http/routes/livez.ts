import { z } from "zod";
import { defineRoute } from "../route.ts";

/** Looks at nothing: what restarts a process must not do so because a part outside is away. */
export const livez = defineRoute({
  method: "GET",
  path: "/livez",
  operationId: "livez",
  tag: "Service",
  summary: "Whether the process lives",
  description: "Looks at nothing outside the process: a restart would not bring a database back.",
  access: "probe",
  answers: {
    200: {
      description: "It lives",
      body: z.object({ status: z.literal("ok") }).meta({ id: "Liveness" }),
    },
  },
  problems: [],
})(async () => ({ status: 200, body: { status: "ok" } }));
