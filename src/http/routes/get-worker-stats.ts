import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { workerStats } from "../../queries/worker-stats.ts";
import { defineRoute } from "../route.ts";
import { opaqueId } from "../schemas/primitives.ts";
import { workerStatistics } from "../schemas/worker.ts";

/** GigStream's getWorkerPaymentStats. */
export const getWorkerStats = defineRoute({
  method: "GET",
  path: "/v1/workers/{id}/stats",
  operationId: "getWorkerStats",
  tag: "Workers",
  summary: "Sum a worker's payments",
  description:
    "Sums are of completed payments only, exact to the micro-unit; those of one platform for a key of one. A worker without payments has zeros.",
  access: { scope: "payments:read" },
  params: z.object({ id: opaqueId }),
  answers: { 200: { description: "The sums", body: workerStatistics } },
  problems: [],
})(async ({ deps, key, params: { id } }) => ({
  status: 200,
  body: await askDatabase(() => workerStats(deps.pool, id, key.platformId)),
}));
