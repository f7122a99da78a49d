import assert from "node:assert/strict";
import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import type { DuePayment } from "./pick-due.ts";
import type { SendDraft } from "./rail.ts";

/** A transfer calls no contract of ours, and Circle prices its gas; the columns want something all the same. */
const NO_CALL = "0x00";
const NO_GAS_LIMIT = 1n;

const numberRow = z.object({ send_number: z.number() });

/** One payment's transfer, from its payer's own wallet; numbered, because its key derives from the number. */
export async function draftTransfer(
  tx: Transaction,
  payments: readonly DuePayment[],
): Promise<SendDraft> {
  const [payment] = payments;
  assert(payment && payments.length === 1, "a transfer carries one payment");
  const { paymentId, generation, payer, token, recipient, amount } = payment;
  const { send_number: sendNumber } = await tx.one(sql.prepared("dispatch-send-number", numberRow)`
    SELECT count(*)::int + 1 AS send_number FROM transaction_items
    WHERE payment_id = ${paymentId}::uuid AND generation = ${generation}
  `);
  const nthTransfer = { paymentId, generation, sendNumber, payer, token, recipient, amount };
  return { operator: payer, calldata: NO_CALL, gasLimit: NO_GAS_LIMIT, nthTransfer };
}
