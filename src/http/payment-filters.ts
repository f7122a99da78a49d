import { payment, paymentState } from "./schemas/payment.ts";
import { cursor, limit, opaqueId, pageOf, timeIn, txHash, uuid } from "./schemas/primitives.ts";

/** What narrows a list of payments, and its page. */
export const paymentQuery = {
  state: paymentState.optional(),
  platformId: opaqueId.optional(),
  taskId: opaqueId.optional(),
  bulkId: uuid.optional(),
  idempotencyKey: opaqueId.optional(),
  txHash: txHash.optional(),
  from: timeIn.optional().meta({ description: "Accepted at or after" }),
  to: timeIn.optional().meta({ description: "Accepted before" }),
  limit,
  cursor: cursor.optional(),
};

export const paymentPage = pageOf(payment).meta({ id: "PaymentPage" });
