import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { getPayment as readPayment } from "../../queries/get-payment.ts";
import { assertOwn } from "../own-platform.ts";
import { notFound } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { paymentDetail } from "../schemas/payment.ts";
import { uuid } from "../schemas/primitives.ts";

/** GigStream's getPaymentTransaction. */
export const getPayment = defineRoute({
  method: "GET",
  path: "/v1/payments/{id}",
  operationId: "getPayment",
  tag: "Payments",
  summary: "Show a payment",
  description:
    "With every send that carried it (`attempts`) and each stage beside its share of the three seconds (`timeline`).",
  access: { scope: "payments:read" },
  params: z.object({ id: uuid }),
  answers: { 200: { description: "The payment", body: paymentDetail } },
  problems: ["not_found"],
})(async ({ deps, key, params }) => {
  const payment = await askDatabase(() => readPayment(deps.pool, params.id, deps.explorerUrl));
  if (!payment) throw notFound("payment");
  assertOwn(key, payment.platformId, "payment");
  return { status: 200, body: payment };
});
