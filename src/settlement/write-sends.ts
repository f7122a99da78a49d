import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import type { PlacedLog, MinedSend } from "./judge-logs.ts";

/**
 * Closes the sends whose logs were followed, and notes what came of each item. A send that had been given up as
 * dead or abandoned, and was mined all the same, is written down as what it was.
 */
export async function writeSends(
  tx: Transaction,
  mined: readonly MinedSend[],
  places: readonly PlacedLog[],
): Promise<void> {
  if (mined.length === 0) return;
  const sendOf = new Map(mined.map(({ txHash, send }) => [txHash, send.id]));
  const items = places.flatMap(({ log }) => {
    const transactionId = sendOf.get(log.txHash);
    const paymentId = paymentIdOfRef(log.ref);
    return transactionId && paymentId ? [{ transactionId, paymentId, outcome: log.kind }] : [];
  });
  const itemColumn = (type: string, of: (item: (typeof items)[number]) => string) =>
    sql.array(items.map(of), type);
  const sendColumn = (type: string, of: (send: MinedSend) => string | bigint) =>
    sql.array(mined.map(of), type);
  await tx.query(sql.prepared("settle-write-sends", anyRow)`
    WITH items AS (
      UPDATE transaction_items i SET outcome = d.outcome
      FROM unnest(
        ${itemColumn("uuid", ({ transactionId }) => transactionId)},
        ${itemColumn("uuid", ({ paymentId }) => paymentId)}, ${itemColumn("text", ({ outcome }) => outcome)}
      ) AS d (transaction_id, payment_id, outcome)
      WHERE i.transaction_id = d.transaction_id AND i.payment_id = d.payment_id
    )
    UPDATE transactions t SET state = 'mined', closed_at = coalesce(t.closed_at, payment_now()),
      tx_hash = d.tx_hash, block_number = d.block_number
    FROM unnest(
      ${sendColumn("uuid", ({ send }) => send.id)}, ${sendColumn("text", ({ txHash }) => txHash)},
      ${sendColumn("int8", ({ blockNumber }) => blockNumber)}
    ) AS d (id, tx_hash, block_number)
    WHERE t.id = d.id
  `);
}
