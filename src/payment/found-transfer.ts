/** What Circle lists of a wallet's transfers to one address, as far as it names the transaction on chain. */
export interface FoundTransfer {
  readonly circleId: string;
  readonly circleState: string;
  /** The id of the send that ordered it, where a service ordered it. */
  readonly refId: string;
  readonly txHash: string | null;
  /** Micro-units; null where Circle says none, or several. */
  readonly amount: bigint | null;
  readonly walletId: string;
  /** Circle ended it as unpaid. */
  readonly isUnpaid: boolean;
}

export interface TransferFinder {
  /** Transfers from one address to another since a moment, newest first, as far as a bound; null: no wallet of ours. */
  find(
    route: { readonly payer: string; readonly recipient: string; readonly from: Date },
    signal: AbortSignal,
  ): Promise<readonly FoundTransfer[] | null>;
}
