import { z } from "zod";
import { askDatabase } from "../../database/translate-error.ts";
import { listPayments as readPayments } from "../../queries/list-payments.ts";
import { platformFilter } from "../own-platform.ts";
import { defineRoute } from "../route.ts";
import { payment, paymentState } from "../schemas/payment.ts";
import { cursor, limit, opaqueId, pageOf, timeIn, uuid } from "../schemas/primitives.ts";

const page = pageOf(payment).meta({ id: "PaymentPage" });

/** What narrows a list of payments; the page and order are not among it. */
const filters = {
  state: paymentState.optional(),
  platformId: opaqueId.optional(),
  taskId: opaqueId.optional(),
  bulkId: uuid.optional(),
  idempotencyKey: opaqueId.optional(),
  txHash: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, "Give a transaction's hash: 0x and 64 hex digits.")
    .toLowerCase()
    .optional(),
  from: timeIn.optional().meta({ description: "Accepted at or after" }),
  to: timeIn.optional().meta({ description: "Accepted before" }),
};

const pages = { limit, cursor: cursor.optional() };

export const listPayments = defineRoute({
  method: "GET",
  path: "/v1/payments",
  operationId: "listPayments",
  tag: "Payments",
  summary: "List payments",
  description: "Newest first, one row per payment whatever its attempts.",
  access: { scope: "payments:read" },
  query: z.strictObject({ ...filters, workerId: opaqueId.optional(), ...pages }),
  answers: { 200: { description: "A page of payments", body: page, csv: true } },
  problems: [],
})(async ({ deps, key, query: { limit, cursor, platformId, ...filter } }) => {
  const asked = { ...filter, platformId: platformFilter(key, platformId) };
  if (platformId !== undefined && asked.platformId !== platformId) {
    return { status: 200, body: { data: [], nextCursor: null } };
  }
  const { explorerUrl } = deps;
  const body = await askDatabase(() =>
    readPayments(deps.pool, asked, { limit, cursor, explorerUrl }),
  );
  return { status: 200, body };
});
