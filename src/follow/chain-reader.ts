/** A block as the follower needs it. */
export interface BlockHeader {
  readonly number: bigint;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: Date;
}

interface LogPlace {
  readonly txHash: string;
  readonly logIndex: number;
  /** bytes32 as in the log, lower-case; `paymentIdOfRef` says whether it can be ours. */
  readonly ref: string;
  readonly generation: bigint;
}

/** A log of our PayOnce instance. All addresses and hashes are lower-case. */
export type PayOnceLog =
  | (LogPlace & {
      readonly kind: "paid";
      readonly payer: string;
      readonly recipient: string;
      readonly token: string;
      readonly amount: bigint;
      /**
       * The token's own Transfer(payer, recipient, amount) log in the same transaction, the last one between the
       * preceding PayOnce log and this one; null: a Paid without proof, which is a broken invariant.
       */
      readonly transferLogIndex: number | null;
    })
  | (LogPlace & { readonly kind: "refused"; readonly reason: RefusalReason })
  | (LogPlace & { readonly kind: "skipped"; readonly paid: boolean; readonly floor: bigint })
  | (LogPlace & { readonly kind: "voided" });

/** Why the token refused: the decoded revert string where there is one, else the raw bytes in hex (at most 256). */
export interface RefusalReason {
  readonly text: string;
  readonly raw: string;
}

/** Everything of one block that concerns us. */
export interface FollowedBlock {
  readonly header: BlockHeader;
  readonly logs: readonly PayOnceLog[];
  /** When this process first had the block's head. */
  readonly receivedAt: Date;
}

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
  findPaid(
    ref: string,
    upTo: bigint,
  ): Promise<{ header: BlockHeader; log: PayOnceLog } | undefined>;
  isBlocked(token: string, account: string): Promise<boolean>;
  /** Calls back with each new head's number until the signal aborts; a hint only, heads may repeat or skip. */
  watchHeads(onHead: (number: bigint) => void, signal: AbortSignal): void;
}
