import type { BlockHeader, FoundPaid, PayOnceLog } from "../payment/pay-once-log.ts";

export type { BlockHeader, FollowedBlock, PayOnceLog } from "../payment/pay-once-log.ts";

/** How a mined transaction ended, and where. */
export interface Receipt {
  readonly outcome: "success" | "reverted";
  readonly blockNumber: bigint;
}

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
  /** Used nonces of an operator at this block, or at a later one: a node may answer from a state that is newer. */
  nonceAt(operator: string, blockNumber: bigint): Promise<bigint>;
  /** Undefined only from a node that has every block that was ever seen, and no such transaction in one. */
  receiptOf(txHash: string): Promise<Receipt | undefined>;
  /** Our Paid log of this ref at or below a height, read backwards; for a Skipped(paid) whose Paid is not stored. */
  findPaid(ref: string, upTo: bigint): Promise<FoundPaid | undefined>;
  isBlocked(token: string, account: string): Promise<boolean>;
  /** Calls back with each new head's number until the signal aborts; a hint only, heads may repeat or skip. */
  watchHeads(onHead: (number: bigint) => void, signal: AbortSignal): void;
}
