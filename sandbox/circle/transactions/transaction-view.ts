import { circleDate } from "../ids.ts";
import type { Progress, TransactionRecord } from "./transaction.ts";

/** A transaction as Circle writes it: fields that have no value yet are empty strings, as in live payloads. */
export function transactionView(
  record: TransactionRecord,
  progress: Progress = record.progress,
): Record<string, unknown> {
  const { wallet, request } = record;
  const { screeningRule, firstConfirmedAtMs, errorDetails, estimatedFee } = progress;
  return {
    id: record.id,
    blockchain: wallet.blockchain,
    walletId: wallet.id,
    sourceAddress: wallet.address,
    ...request,
    transactionType: "OUTBOUND",
    custodyType: "DEVELOPER",
    state: progress.state,
    txHash: progress.txHash ?? "",
    ...(progress.blockHash === undefined
      ? {}
      : { blockHash: progress.blockHash, blockHeight: progress.blockHeight }),
    networkFee: progress.networkFee ?? "",
    ...(estimatedFee === undefined ? {} : { estimatedFee }),
    ...(firstConfirmedAtMs === undefined
      ? {}
      : { firstConfirmDate: circleDate(firstConfirmedAtMs) }),
    nfts: null,
    errorReason: progress.errorReason ?? "",
    errorDetails: errorDetails ?? null,
    ...(screeningRule === undefined
      ? {}
      : {
          transactionScreeningEvaluation: {
            ruleName: screeningRule,
            actions: ["DENY"],
            screeningDate: circleDate(progress.updatedAtMs),
          },
        }),
    createDate: circleDate(record.createdAtMs),
    updateDate: circleDate(progress.updatedAtMs),
  };
}

/** The progress of some states ago; the first one where there were fewer. */
export function progressBefore(record: TransactionRecord, statesBehind: number): Progress {
  const all = [...record.history, record.progress];
  return all[Math.max(0, all.length - 1 - statesBehind)] ?? record.progress;
}
