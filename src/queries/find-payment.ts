import { sql, type CommonQueryMethods } from "slonik";
import { paymentColumns, paymentRow, type PaymentView } from "./payment-view.ts";

/** One payment without its attempts, in one statement; null if there is none. */
export async function findPayment(
  db: CommonQueryMethods,
  id: string,
  explorerUrl: string | null = null,
): Promise<PaymentView | null> {
  return db.maybeOne(sql.type(paymentRow(explorerUrl))`
    SELECT ${paymentColumns} FROM payments p WHERE p.id = ${id}::uuid
  `);
}
