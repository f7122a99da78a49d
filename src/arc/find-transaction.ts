import { z } from "zod";
import { PaymentError } from "../errors.ts";
import type { BlockHeader, FoundTransaction } from "../payment/pay-once-log.ts";
import { isNullAnswer, resultOf, unavailable } from "./read-answers.ts";
import { readBlockLogs, type InstanceReads } from "./read-block-logs.ts";

const receipt = z.object({
  status: z.enum(["0x0", "0x1"]),
  blockNumber: z.string().regex(/^0x[0-9a-f]+$/i),
  blockHash: z.string(),
});

/** What operators need beside following. */
export interface TransactionFinder {
  /** The transaction that a person names; throws where the nodes could not answer. */
  findTransaction(txHash: string): Promise<FoundTransaction>;
}

/**
 * A transaction with what our instance logged in it, each Paid paired with its Transfer; read from its block, which must be the
 * canonical one. Throws CHAIN_UNAVAILABLE or CHAIN_BLOCK_UNKNOWN (both retry) where the nodes could not answer.
 */
export async function findTransaction(
  reads: InstanceReads,
  headerOf: (number: bigint) => Promise<BlockHeader>,
  txHash: string,
): Promise<FoundTransaction> {
  const calls = [{ method: "eth_getTransactionReceipt", params: [txHash] }];
  const [answer] = await reads.rpc.ask(calls, { isUsable: ([found]) => !isNullAnswer(found) });
  const result = resultOf(answer);
  if (result === null) return { kind: "unknown" };
  const read = receipt.safeParse(result);
  if (!read.success) throw unavailable("the node's receipt has not the shape of a receipt");
  if (read.data.status === "0x0") return { kind: "reverted" };
  const header = await headerOf(BigInt(read.data.blockNumber));
  if (header.hash.toLowerCase() !== read.data.blockHash.toLowerCase()) {
    throw new PaymentError("CHAIN_BLOCK_UNKNOWN", "retry", "the transaction's block is not there");
  }
  const logs = await readBlockLogs(reads, header);
  const hash = txHash.toLowerCase();
  return { kind: "mined", header, logs: logs.filter((log) => log.txHash === hash) };
}
