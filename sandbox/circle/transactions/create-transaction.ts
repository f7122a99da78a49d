import { circleError } from "../api/circle-error.ts";
import type { FaultSubject, Faults } from "../control/faults.ts";
import { newId } from "../ids.ts";
import type { Wallet } from "../wallets/wallet-store.ts";
import type { BroadcastDeps } from "./broadcast.ts";
import { runTransaction } from "./lifecycle.ts";
import { exceedsCap } from "./prepare.ts";
import type { TransactionRecord } from "./transaction.ts";
import type { TransactionStore } from "./transaction-store.ts";

export interface CreateDeps extends BroadcastDeps {
  readonly faults: Faults;
  readonly store: TransactionStore;
}

/** What a checked request asks for. */
export type TransactionOrder = Pick<
  TransactionRecord,
  "wallet" | "request" | "call" | "transfer" | "fee"
>;

/** Accepts a transaction and sets it going. Throws 155264 while the wallet has too many that are not over, 155211 for too dear a fee. */
export function createTransaction(
  deps: CreateDeps,
  order: TransactionOrder,
  subject: FaultSubject,
): TransactionRecord {
  const { settings, store, faults } = deps;
  if (order.fee.type === "absolute" && exceedsCap(order.fee.gas, settings)) {
    throw circleError(155211);
  }
  assertRoom(deps, order.wallet);
  const nowMs = Date.now();
  const record: TransactionRecord = {
    ...order,
    id: newId(7),
    plan: {
      extraDelayMs: faults.take("executeLate", subject)?.delayMs ?? 0,
      isTwice: faults.take("executeTwice", subject) !== undefined,
      forced: faults.take("forceState", subject),
    },
    createdAtMs: nowMs,
    progress: { state: "INITIATED", updatedAtMs: nowMs },
    history: [],
    sent: [],
    isBeyondRecall: false,
    isForced: false,
    truth: undefined,
  };
  store.add(record);
  deps.announce(record);
  void runTransaction(deps, record);
  return record;
}

function assertRoom({ settings, store }: CreateDeps, wallet: Wallet): void {
  if (store.pendingOf(wallet.id).length >= settings.queue.perWallet) throw circleError(155264);
}
