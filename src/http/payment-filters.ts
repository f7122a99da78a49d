import { payment, paymentState } from "./schemas/payment.ts";
import { cursor, limit, opaqueId, pageOf, timeIn, txHash, uuid } from "./schemas/primitives.ts";

/** What narrows a list of payments, and its page. */
export const paymentQuery = {
  state: paymentState.optional().meta({ description: "Only those in this state" }),
  platformId: opaqueId.optional().meta({ description: "Only this platform's" }),
  taskId: opaqueId.optional().meta({ description: "Only this task's" }),
  bulkId: uuid.optional().meta({ description: "Only those of this bulk" }),
  idempotencyKey: opaqueId.optional().meta({ description: "Only the one of this key" }),
  txHash: txHash.optional().meta({ description: "Only those that this transaction paid" }),
  from: timeIn.optional().meta({ description: "Accepted at or after" }),
  to: timeIn.optional().meta({ description: "Accepted before" }),
  limit,
  cursor,
};

export const paymentPage = pageOf(payment).meta({ id: "PaymentPage" });
