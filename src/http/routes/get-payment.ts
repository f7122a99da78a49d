import { z } from "zod";
import { findOwnPayment } from "../find-own-payment.ts";
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
})(async ({ deps, key, params }) => ({
  status: 200,
  body: await findOwnPayment(deps, key, params.id),
}));
