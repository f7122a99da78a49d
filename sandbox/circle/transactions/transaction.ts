import type { Hex } from "viem";
import type { Call } from "../chain/chain-client.ts";
import type { FeeLevel } from "../chain/fees.ts";
import type { Gas, SignedTransaction } from "../chain/wallet-sender.ts";
import type { FaultOf } from "../control/fault-spec.ts";
import type { Execution } from "../control/stats.ts";
import type { Wallet } from "../wallets/wallet-store.ts";

/** States after which nothing more happens. Any other, an unknown one included, still counts as queued. */
const TERMINAL = new Set(["COMPLETE", "FAILED", "DENIED", "CANCELLED"]);

/** How the request wants gas to be paid: Circle estimates unless everything is given. */
export type FeeChoice =
  | { readonly type: "level"; readonly level: FeeLevel; readonly gasLimit: bigint | undefined }
  | { readonly type: "absolute"; readonly gas: Gas };

/** What the request said, as it is shown again. */
export interface RequestView {
  readonly operation: "TRANSFER" | "CONTRACT_EXECUTION";
  readonly refId: string;
  readonly feeLevel?: FeeLevel;
  readonly destinationAddress?: string;
  readonly amounts?: readonly string[];
  readonly tokenId?: string;
  readonly contractAddress?: string;
  readonly abiFunctionSignature?: string;
  readonly abiParameters?: readonly unknown[];
}

/** What Circle shows of how far a transaction got. */
export interface Progress {
  readonly state: string;
  readonly updatedAtMs: number;
  readonly txHash?: string;
  readonly blockHash?: string;
  readonly blockHeight?: number;
  readonly networkFee?: string;
  readonly firstConfirmedAtMs?: number;
  readonly errorReason?: string;
  readonly errorDetails?: string;
  readonly screeningRule?: string;
  readonly estimatedFee?: Readonly<Record<string, string>>;
}

/** How a transaction departs from the normal course. */
interface Plan {
  readonly extraDelayMs: number;
  readonly isTwice: boolean;
  readonly forced: FaultOf<"forceState"> | undefined;
}

export interface SentTransaction extends Omit<SignedTransaction, "raw"> {
  readonly kind: Execution["kind"];
  /** Undefined once it is no longer needed: a batch's bytes are tens of kilobytes. */
  raw: Hex | undefined;
  /** False while it is held back. */
  isBroadcast: boolean;
}

/** A transaction of Circle's, with the chain transactions that stand behind it. */
export interface TransactionRecord {
  readonly id: string;
  readonly wallet: Wallet;
  readonly request: RequestView;
  call: Call;
  /** The token moved, and how much of it, where it is a transfer of one. */
  readonly transfer: { readonly token: `0x${string}`; readonly amount: bigint } | undefined;
  readonly fee: FeeChoice;
  readonly plan: Plan;
  readonly createdAtMs: number;
  progress: Progress;
  /** Earlier progress, oldest first. */
  readonly history: Progress[];
  readonly sent: SentTransaction[];
  /** Set in the moment after which cancelling needs the chain. */
  isBeyondRecall: boolean;
  /** While set, the state shown stays what the fault says, whatever happens. */
  isForced: boolean;
  /** What the chain said while the shown state was forced. */
  truth: Partial<Progress> | undefined;
}

/** Earlier states kept: a transaction has five, and a few more when it is accelerated. */
const HISTORY_MAX = 20;

export function isTerminal(record: TransactionRecord): boolean {
  return TERMINAL.has(record.progress.state);
}

/** Moves on to a new state, keeping what is not mentioned. */
export function advance(record: TransactionRecord, change: Partial<Progress>): void {
  record.history.push(record.progress);
  if (record.history.length > HISTORY_MAX) record.history.splice(1, 1);
  record.progress = { ...record.progress, ...change, updatedAtMs: Date.now() };
}

/** Lets go of the bytes of a transaction that the chain is done with. */
export function dropBytes(record: TransactionRecord): void {
  record.call = { ...record.call, data: "0x" };
  for (const sent of record.sent) sent.raw = undefined;
}
