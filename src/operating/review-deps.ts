import type { TransactionFinder } from "../arc/find-transaction.ts";
import type { DispatchDeps, Ringing } from "../dispatch/dispatch-deps.ts";
import type { ChainReader } from "../follow/chain-reader.ts";
import type { TransferReader } from "../settlement/confirm-transfers.ts";
import type { SettleDeps } from "../settlement/settle-logs.ts";

/** What resolving a review needs of the stages. */
export interface ReviewDeps {
  readonly settle: SettleDeps;
  readonly dispatch: Pick<DispatchDeps, "database" | "metrics"> & Ringing;
  readonly chain: Pick<ChainReader, "headNumber" | "findPaid"> & TransactionFinder;
  /** Receipts, for plain transfers. */
  readonly transfers: Pick<TransferReader, "receipt">;
}

export interface ReviewRequest {
  readonly paymentId: string;
  /** What the operator saw: a decision about an older generation is refused. */
  readonly expectedGeneration: number;
  /** "operator:<name>", or the API key's name. */
  readonly actor: string;
  readonly reason: string;
}
