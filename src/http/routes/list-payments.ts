import { z } from "zod";
import { pageOfPayments } from "../page-of-payments.ts";
import { paymentPage, paymentQuery } from "../payment-filters.ts";
import { defineRoute } from "../route.ts";
import { opaqueId } from "../schemas/primitives.ts";

export const listPayments = defineRoute({
  method: "GET",
  path: "/v1/payments",
  operationId: "listPayments",
  tag: "Payments",
  summary: "List payments",
  description: "Newest first, one row per payment whatever its attempts.",
  access: { scope: "payments:read" },
  query: z.strictObject({
    workerId: opaqueId.optional().meta({ description: "Only this worker's" }),
    ...paymentQuery,
  }),
  answers: { 200: { description: "A page of payments", body: paymentPage, csv: true } },
  problems: [],
})(async ({ deps, key, query }) => ({ status: 200, body: await pageOfPayments(deps, key, query) }));
