import { parseMicros } from "../payment/money.ts";
import type { FoundTransfer, TransferFinder } from "../payment/found-transfer.ts";
import type { AccountWallets } from "./account-wallets.ts";
import { listTransfers, type ListDeps } from "./list-sends.ts";
import type { CircleTransaction } from "./report-state.ts";
import { reportTransfer } from "./report-transfer.ts";

/** Finds transfers that a restored database has forgotten, in Circle's list. Throws as `translateReadError` says. */
export function createTransferFinder(
  deps: Pick<ListDeps, "client" | "gets"> & { readonly wallets: AccountWallets },
): TransferFinder {
  return {
    async find({ payer, recipient, from }, signal) {
      const walletId = deps.wallets.idOf(payer) ?? (await deps.wallets.find(payer, signal));
      if (walletId === undefined) return null;
      const route = { walletId, destinationAddress: recipient, from };
      const found: FoundTransfer[] = [];
      for await (const page of listTransfers(deps, route, signal)) {
        found.push(...page.flatMap((transaction) => readFound(transaction, walletId)));
      }
      return found;
    },
  };
}

function readFound(transaction: CircleTransaction, walletId: string): FoundTransfer[] {
  const { id, state, refId, txHash, amounts } = transaction;
  if (!refId) return [];
  const [amount, ...more] = amounts ?? [];
  return [
    {
      circleId: id,
      circleState: state,
      refId,
      txHash: txHash ? txHash.toLowerCase() : null,
      amount: more.length === 0 ? (parseMicros(amount ?? "") ?? null) : null,
      walletId,
      isUnpaid: reportTransfer(transaction).kind === "dead",
    },
  ];
}
