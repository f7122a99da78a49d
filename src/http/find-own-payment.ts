import { askDatabase } from "../database/translate-error.ts";
import type { ApiKey } from "../keys/find-key.ts";
import { getPayment, type PaymentDetail } from "../queries/get-payment.ts";
import type { ApiDeps } from "./api-deps.ts";
import { assertOwn } from "./own-platform.ts";
import { notFound } from "./problems.ts";

/** A payment that this key may see. Throws `not_found` for another's, as if there were none. */
export async function findOwnPayment(
  { pool, explorerUrl }: ApiDeps,
  key: ApiKey,
  id: string,
): Promise<PaymentDetail> {
  const payment = await askDatabase(() => getPayment(pool, id, explorerUrl));
  if (!payment) throw notFound("payment");
  assertOwn(key, payment.platformId, "payment");
  return payment;
}
