import type { Transfer } from "../../audit/read-transfers.ts";
import type { Journey } from "./journey.ts";

export interface AwaitedTransfers {
  await(journey: Journey): void;
  /** The payment that this transfer pays, the first time it is seen. */
  take(transfer: Transfer): Journey | undefined;
  forget(journey: Journey): void;
}

/** Payments whose money has not moved yet, by what names their transfer: a task's (payer, wallet, net amount) is unique in the ledger. */
export function createAwaitedTransfers(): AwaitedTransfers {
  const awaited = new Map<string, Journey>();
  const keyOf = (from: string, to: string, amount: bigint) => `${from}>${to}:${amount}`;
  const keyOfTask = ({ task }: Journey) => keyOf(task.payer, task.wallet, task.netAmount);
  return {
    await: (journey) => void awaited.set(keyOfTask(journey), journey),
    take({ from, to, amount }) {
      const key = keyOf(from, to, amount);
      const journey = awaited.get(key);
      awaited.delete(key);
      return journey;
    },
    forget: (journey) => void awaited.delete(keyOfTask(journey)),
  };
}
