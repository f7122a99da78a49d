import type { BlockHeader, FoundPaid, PayOnceLog } from "../payment/pay-once-log.ts";

export type { BlockHeader, FollowedBlock, PayOnceLog } from "../payment/pay-once-log.ts";

export type ReceiptVerdict = "success" | "reverted" | "unknown";

/**
 * The chain, read. Every method throws `PaymentError` (CHAIN_UNAVAILABLE retry, CHAIN_BLOCK_UNKNOWN retry) when the
 * node could not answer: "could not ask" and "there is none" are never the same.
 */
export interface ChainReader {
  chainId(): Promise<number>;
  headNumber(): Promise<bigint>;
  /** The canonical header at this height; CHAIN_BLOCK_UNKNOWN when this node has not got it yet. */
  header(number: bigint): Promise<BlockHeader>;
  /** Our instance's logs of exactly this block (by hash), in log order, each Paid paired with its Transfer. */
  payOnceLogs(header: BlockHeader): Promise<readonly PayOnceLog[]>;
  /** Used nonces of an operator at this block. */
  nonceAt(operator: string, blockNumber: bigint): Promise<bigint>;
  receiptOf(txHash: string): Promise<ReceiptVerdict>;
  /** Our Paid log of this ref at or below a height, read backwards; for a Skipped(paid) whose Paid is not stored. */
  findPaid(ref: string, upTo: bigint): Promise<FoundPaid | undefined>;
  isBlocked(token: string, account: string): Promise<boolean>;
  /** Calls back with each new head's number until the signal aborts; a hint only, heads may repeat or skip. */
  watchHeads(onHead: (number: bigint) => void, signal: AbortSignal): void;
}
