import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import type { BlockHeader, PayOnceLog } from "../payment/pay-once-log.ts";
import type { Instance } from "./load-ledger.ts";
import { placeKey } from "./store-logs.ts";
import type { ChainMismatchKind, Mismatch } from "./verification.ts";

/** The chain, read again. Both methods throw when they got no answer. */
export interface ChainSource {
  header(number: bigint): Promise<BlockHeader>;
  payOnceLogs(header: BlockHeader): Promise<readonly PayOnceLog[]>;
}

export interface BlockRange {
  readonly fromBlock: bigint;
  /** Inclusive; at most the cursor's. */
  readonly toBlock: bigint;
}

/** Read at a time: what following itself asks of a node while it catches up. */
const BLOCKS_AT_ONCE = 16n;

const storedRow = z.object({
  block_number: z.bigint(),
  block_hash: z.string(),
  tx_hash: z.string(),
  log_index: z.number(),
  payment_id: z.string().nullable(),
  summary: z.string(),
});
type Stored = z.infer<typeof storedRow>;

/**
 * Compares the stored logs of a range of blocks with the chain's, log by log, and answers how many there were. Throws
 * where the chain did not answer.
 */
export async function verifyChain(
  deps: { readonly pool: Database; readonly instance: Instance; readonly chain: ChainSource },
  { fromBlock, toBlock }: BlockRange,
  limit: number,
): Promise<{ readonly rows: number; readonly mismatches: Mismatch[] }> {
  const mismatches: Mismatch[] = [];
  let rows = 0;
  for (let from = fromBlock; from <= toBlock && mismatches.length < limit; from += BLOCKS_AT_ONCE) {
    const to = from + BLOCKS_AT_ONCE - 1n < toBlock ? from + BLOCKS_AT_ONCE - 1n : toBlock;
    const numbers = Array.from({ length: Number(to - from) + 1 }, (_, n) => from + BigInt(n));
    const [stored, blocks] = await Promise.all([
      readStored(deps, { fromBlock: from, toBlock: to }),
      Promise.all(numbers.map((number) => readBlock(deps.chain, number))),
    ]);
    const byBlock = Map.groupBy(stored, (row) => row.block_number);
    for (const { header, logs } of blocks) {
      rows += logs.length;
      mismatches.push(...compareBlock(header, logs, byBlock.get(header.number) ?? []));
    }
  }
  return { rows, mismatches: mismatches.slice(0, limit) };
}

async function readBlock(chain: ChainSource, number: bigint) {
  const header = await chain.header(number);
  return { header, logs: await chain.payOnceLogs(header) };
}

function compareBlock(
  header: BlockHeader,
  logs: readonly PayOnceLog[],
  stored: readonly Stored[],
): Mismatch[] {
  const found = (kind: ChainMismatchKind, paymentId: string | null, detail: string): Mismatch => {
    return { kind, severity: "broken", paymentId, blockNumber: header.number, detail };
  };
  const rows = new Map(stored.map((row) => [placeKey(row.tx_hash, row.log_index), row]));
  const mismatches = logs.flatMap((log): Mismatch[] => {
    const place = placeKey(log.txHash, log.logIndex);
    const paymentId = paymentIdOfRef(log.ref) ?? null;
    const row = rows.get(place);
    rows.delete(place);
    if (!row) return [found("log_not_stored", paymentId, `${log.kind} at ${place}`)];
    if (row.block_hash !== header.hash) {
      const detail = `${place} was followed in block ${row.block_hash}, the chain has ${header.hash}`;
      return [found("block_differs", paymentId, detail)];
    }
    const summary = summaryOf(log);
    if (row.summary === summary) return [];
    const detail = `${place}: stored ${row.summary}; chain ${summary}`;
    return [found("log_differs", paymentId, detail)];
  });
  const extra = [...rows].map(([place, row]) =>
    found("log_not_on_chain", row.payment_id, `${row.summary} at ${place}`),
  );
  return [...mismatches, ...extra];
}

/** The same words as `readStored` makes of a row. */
function summaryOf(log: PayOnceLog): string {
  const { kind, ref, generation } = log;
  const rest =
    kind === "paid"
      ? [log.payer, log.recipient, log.token, log.amount, log.transferLogIndex ?? "-"]
      : kind === "skipped"
        ? [log.paid, log.floor]
        : [];
  return [kind, ref, generation, ...rest].join(" ");
}

async function readStored(
  { pool, instance }: { readonly pool: Database; readonly instance: Instance },
  { fromBlock, toBlock }: BlockRange,
): Promise<readonly Stored[]> {
  return askDatabase(() =>
    pool.any(sql.type(storedRow)`
      SELECT block_number, block_hash, tx_hash, log_index, payment_id,
        concat_ws(' ', kind, ref, generation, payer, recipient, token, amount_micros,
          CASE WHEN kind = 'paid' THEN coalesce(transfer_log_index::text, '-') END,
          CASE slot_paid WHEN true THEN 'true' WHEN false THEN 'false' END, slot_floor) AS summary
      FROM chain_events
      WHERE chain_id = ${instance.chainId} AND pay_once = ${instance.payOnce}
        AND block_number BETWEEN ${fromBlock} AND ${toBlock}
    `),
  );
}
