import type { Transaction } from "../database/pool.ts";
import type { TransferReceipt } from "../payment/transfer-log.ts";
import { lockTransfer } from "./read-transfers.ts";
import { rememberTransfer, type Remembered } from "./remember-transfer.ts";
import type { Settled, SettleDeps } from "./settle-logs.ts";
import { settleWithin, type TransferReadings } from "./settle-transfer.ts";

/**
 * Settles a payment by a transaction that our own topic or an operator names, in a transaction of the caller's, who rolls
 * it back where this answers undefined: then the transaction is no proof.
 */
export async function settleNamed(
  tx: Transaction,
  deps: SettleDeps,
  named: Remembered &
    Pick<TransferReadings, "lookedAtMs" | "readAtMs"> & { readonly receipt: TransferReceipt },
): Promise<Settled | undefined> {
  const id = await rememberTransfer(tx, deps.instance, named);
  const transfer = id === undefined ? undefined : await lockTransfer(tx, id);
  if (!transfer) return undefined;
  const { receipt, lookedAtMs, readAtMs } = named;
  const readings = { receipts: [receipt], search: null, lookedAtMs, readAtMs };
  const settled = await settleWithin(tx, deps, transfer, readings);
  return settled?.kind === "complete" ? settled.summary : undefined;
}
