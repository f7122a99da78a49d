import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { burstAfter } from "./bursts.ts";
import { openLedger, type Transfer } from "./ledger.ts";

export interface PayOrder {
  readonly payer: string;
  readonly recipient: string;
  readonly amount: bigint;
  /** Null: the provider executes it however often it is asked. */
  readonly idempotencyKey: string | null;
}

/** A provider of payments as the peers call it: slow, in bursts, and idempotent only by the caller's key. */
export interface Provider {
  /**
   * Takes the orders at once and answers when they were executed, at the next burst. An order is in the ledger before
   * this returns to the event loop: a caller that dies while it waits has ordered all the same, as with a request that
   * has reached a server. A key that was seen before answers with its first transfer; with other terms it throws.
   */
  pay(orders: readonly PayOrder[]): Promise<readonly Transfer[]>;
}

/** A provider with its ledger at that path; the keys of earlier runs are known. */
export function openProvider(ledgerPath: string): Provider {
  const ledger = openLedger(ledgerPath);
  const byKey = new Map<string, Transfer>();
  const remember = (transfer: Transfer) => {
    if (transfer.key !== null) byKey.set(transfer.key, transfer);
  };
  ledger.earlier.forEach(remember);
  return {
    async pay(orders) {
      const executedAtMs = burstAfter(Date.now());
      const fresh: Transfer[] = [];
      const transfers = orders.map((order) => {
        const known = order.idempotencyKey === null ? undefined : byKey.get(order.idempotencyKey);
        if (known) return asOrdered(known, order);
        const { payer, recipient, amount, idempotencyKey: key } = order;
        const id = `0x${randomBytes(32).toString("hex")}` as const;
        const transfer = { id, payer, recipient, amount, key, executedAtMs };
        remember(transfer);
        fresh.push(transfer);
        return transfer;
      });
      ledger.append(fresh);
      const lastMs = Math.max(...transfers.map((transfer) => transfer.executedAtMs));
      // A timer may ring within the millisecond before the one that it was set for.
      while (Date.now() < lastMs) await delay(lastMs - Date.now());
      return transfers;
    },
  };
}

function asOrdered(known: Transfer, order: PayOrder): Transfer {
  const isSame =
    known.payer === order.payer &&
    known.recipient === order.recipient &&
    known.amount === order.amount;
  if (isSame) return known;
  throw new Error(`the key ${known.key} was used with other terms`);
}
