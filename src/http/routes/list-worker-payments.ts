import { z } from "zod";
import { pageOfPayments } from "../page-of-payments.ts";
import { paymentPage, paymentQuery } from "../payment-filters.ts";
import { defineRoute } from "../route.ts";
import { opaqueId } from "../schemas/primitives.ts";

/** GigStream's getWorkerPayments. */
export const listWorkerPayments = defineRoute({
  method: "GET",
  path: "/v1/workers/{id}/payments",
  operationId: "listWorkerPayments",
  tag: "Workers",
  summary: "List a worker's payments",
  description: "Newest first. A key of one platform sees those that it pays.",
  access: { scope: "payments:read" },
  params: z.object({ id: opaqueId }),
  query: z.strictObject(paymentQuery),
  answers: { 200: { description: "A page of payments", body: paymentPage, csv: true } },
  problems: [],
})(async ({ deps, key, params: { id: workerId }, query }) => ({
  status: 200,
  body: await pageOfPayments(deps, key, { ...query, workerId }),
}));
