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

export type PaidLog = LogPlace & {
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
};

export type RefusedLog = LogPlace & { readonly kind: "refused"; readonly reason: RefusalReason };
export type SkippedLog = LogPlace & {
  readonly kind: "skipped";
  readonly paid: boolean;
  readonly floor: bigint;
};
export type VoidedLog = LogPlace & { readonly kind: "voided" };

/** A log of our PayOnce instance. All addresses and hashes are lower-case. */
export type PayOnceLog = PaidLog | RefusedLog | SkippedLog | VoidedLog;

/** Why the token refused: the decoded revert string where there is one, else the raw bytes in hex (at most 256). */
export interface RefusalReason {
  readonly text: string;
  readonly raw: string;
}

/** Everything of one block that concerns us. */
export interface FollowedBlock {
  readonly header: BlockHeader;
  readonly logs: readonly PayOnceLog[];
  /** When this process first heard that the chain had this block, by an announcement or by its header. */
  readonly headAtMs: number;
  /** When its logs had been read. Both as `performance.now()` tells it. */
  readonly readAtMs: number;
}

/** A Paid log with the block that holds it, found by reading backwards. */
export interface FoundPaid {
  readonly header: BlockHeader;
  readonly log: PaidLog;
}

/** A transaction that a person names, as the chain has it. */
export type FoundTransaction =
  /** No node knows it as mined. */
  | { readonly kind: "unknown" }
  | { readonly kind: "reverted" }
  /** With the logs of our instance in it, none where it has nothing to do with us. */
  | { readonly kind: "mined"; readonly header: BlockHeader; readonly logs: readonly PayOnceLog[] };
