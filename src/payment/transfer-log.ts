import type { Terms } from "./evidence.ts";

/** A token's own log that money moved. Addresses and hashes are lower-case; the amount is in micro-units. */
export interface TransferLog {
  readonly txHash: string;
  readonly logIndex: number;
  readonly blockNumber: bigint;
  readonly payer: string;
  readonly token: string;
  readonly recipient: string;
  readonly amount: bigint;
}

/** What a node says of a transaction; `mined` only where it succeeded, with the transfers of both tokens in it. */
export type TransferReceipt =
  | { readonly kind: "unknown" }
  | { readonly kind: "reverted" }
  | { readonly kind: "mined"; readonly transfers: readonly TransferLog[] };

/** All transfers of exactly some terms since a moment, up to a block of this time. */
export interface TransferSearch {
  readonly found: readonly TransferLog[];
  readonly upTo: Date;
  /** It was not bounded before it reached that moment. */
  readonly isComplete: boolean;
}

export function provesTerms(log: TransferLog, terms: Terms): boolean {
  return (
    log.payer === terms.payer &&
    log.token === terms.token &&
    log.recipient === terms.recipient &&
    log.amount === terms.amount
  );
}

/** One log, one key. */
export function logKey({ txHash, logIndex }: { txHash: string; logIndex: number }): string {
  return `${txHash}:${logIndex}`;
}
