import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { workerStats } from "../../queries/worker-stats.ts";
import { defineRoute } from "../route.ts";
import { amount, opaqueId } from "../schemas/primitives.ts";

const stats = z
  .object({
    workerId: z.string(),
    total: z.int(),
    completed: z.int(),
    failed: z.int(),
    inReview: z.int(),
    inProgress: z.int(),
    meanLatencyMs: z.number().nullable(),
    successRate: z
      .number()
      .nullable()
      .meta({ description: "Completed of those that ended; null while none did" }),
    byCurrency: z.array(
      z.object({ currency: z.string(), totalAmount: amount, totalFees: amount, totalNet: amount }),
    ),
  })
  .meta({ id: "WorkerStats" });

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
  answers: { 200: { description: "The sums", body: stats } },
  problems: [],
})(async ({ deps, key, params: { id } }) => ({
  status: 200,
  body: await askDatabase(() => workerStats(deps.pool, id, key.platformId)),
}));
