import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import type { PlacedLog } from "./judge-logs.ts";
import type { Instance } from "./load-ledger.ts";

const placeRow = z
  .object({ tx_hash: z.string(), log_index: z.number() })
  .transform((row) => placeKey(row.tx_hash, row.log_index));

/**
 * Stores every log of our instance, its payment known or not, and answers the keys (`placeKey`) of those that were new:
 * a refusal that is read again, after an operator moved the cursor back, uses up no second try.
 */
export async function storeLogs(
  tx: Transaction,
  instance: Instance,
  places: readonly PlacedLog[],
): Promise<ReadonlySet<string>> {
  const column = (
    type: string,
    of: (place: PlacedLog) => string | number | bigint | boolean | null,
  ) => sql.array(places.map(of), type);
  const stored = await tx.any(sql.prepared("settle-store-logs", placeRow)`
    INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, payment_id,
      generation, payer, recipient, token, amount_micros, transfer_log_index, reason, slot_paid, slot_floor)
    SELECT ${instance.chainId}, ${instance.payOnce}, event.*
    FROM unnest(
      ${column("int8", ({ blockNumber }) => blockNumber)},
      ${column("text", ({ blockHash }) => blockHash)},
      ${column("text", ({ log }) => log.txHash)},
      ${column("int4", ({ log }) => log.logIndex)},
      ${column("text", ({ log }) => log.kind)},
      ${column("text", ({ log }) => log.ref)},
      ${column("uuid", ({ log }) => paymentIdOfRef(log.ref) ?? null)},
      ${column("int8", ({ log }) => log.generation)},
      ${column("text", ({ log }) => (log.kind === "paid" ? log.payer : null))},
      ${column("text", ({ log }) => (log.kind === "paid" ? log.recipient : null))},
      ${column("text", ({ log }) => (log.kind === "paid" ? log.token : null))},
      ${column("numeric", ({ log }) => (log.kind === "paid" ? log.amount : null))},
      ${column("int4", ({ log }) => (log.kind === "paid" ? log.transferLogIndex : null))},
      ${column("text", ({ log }) => (log.kind === "refused" ? log.reason.text : null))},
      ${column("bool", ({ log }) => (log.kind === "skipped" ? log.paid : null))},
      ${column("int8", ({ log }) => (log.kind === "skipped" ? log.floor : null))}
    ) AS event
    ON CONFLICT (chain_id, tx_hash, log_index) DO NOTHING
    RETURNING tx_hash, log_index
  `);
  return new Set(stored);
}

export function placeKey(txHash: string, logIndex: number): string {
  return `${txHash}:${logIndex}`;
}
