import assert from "node:assert/strict";
import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import type { Verdict } from "../payment/evidence.ts";
import { formatMicros } from "../payment/money.ts";
import type { OpenTransfer } from "./read-transfers.ts";

/**
 * Closes a transfer that a verdict is final about, and stores the log that proves it; the table's keys see to it that no
 * log proves two payments. One in doubt stays open: it goes on being looked at.
 */
export async function writeTransfer(
  tx: Transaction,
  chainId: number,
  transfer: OpenTransfer,
  verdict: Verdict,
): Promise<void> {
  switch (verdict.kind) {
    case "complete":
      await writeProof(tx, chainId, transfer, verdict);
      return close(tx, transfer.id, "mined");
    case "fail":
    case "retry":
    case "wait":
      return close(tx, transfer.id, "dead");
    default:
      return undefined;
  }
}

async function writeProof(
  tx: Transaction,
  chainId: number,
  { id, paymentId }: OpenTransfer,
  { terms, generation, paid }: Extract<Verdict, { kind: "complete" }>,
): Promise<void> {
  const { log, blockNumber } = paid;
  await tx.query(sql.prepared("settle-write-proof", anyRow)`
    INSERT INTO transfers (chain_id, tx_hash, log_index, payment_id, generation, transaction_id, payer, token,
      recipient, amount, block_number)
    VALUES (${chainId}, ${log.txHash}, ${log.logIndex}, ${paymentId}, ${generation}, ${id}, ${terms.payer},
      ${terms.token}, ${terms.recipient}, ${formatMicros(terms.amount)}::numeric, ${blockNumber})
  `);
  await tx.query(sql.prepared("settle-place-transfer", anyRow)`
    UPDATE transactions SET tx_hash = ${log.txHash}, block_number = ${blockNumber} WHERE id = ${id}::uuid
  `);
}

async function close(tx: Transaction, id: string, state: "mined" | "dead"): Promise<void> {
  await tx.query(sql.prepared("settle-end-transfer-item", anyRow)`
    UPDATE transaction_items SET outcome = ${state === "mined" ? "paid" : "dead"}
    WHERE transaction_id = ${id}::uuid
  `);
  const { rowCount } = await tx.query(sql.prepared("settle-close-transfer", anyRow)`
    UPDATE transactions SET state = ${state}, closed_at = payment_now() WHERE id = ${id}::uuid AND state = 'open'
  `);
  assert.equal(rowCount, 1, "the transfer was closed under its lock");
}
