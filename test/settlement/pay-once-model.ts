import type { Terms } from "../../src/payment/evidence.ts";
import { refOf } from "../../src/payment/ids.ts";
import type { FollowedBlock, PayOnceLog } from "../../src/payment/pay-once-log.ts";

export interface ModelItem {
  readonly paymentId: string;
  readonly generation: number;
}

/** A chain with one PayOnce instance, as contracts/PayOnce.sol behaves; stands in for the real one at the port. */
export function createPayOnceModel(chain = { firstBlock: 100n }) {
  const slots = new Map<string, { paid: boolean; floor: number }>();
  let number = chain.firstBlock;
  let open: PayOnceLog[] = [];
  let txs = 0;

  return {
    slotOf: (paymentId: string) => slots.get(paymentId) ?? { paid: false, floor: 0 },
    cursor: () => ({ number: number, hash: hashOf(number) }),

    /** One transaction of pay; `refuse` names the reason per payment, `omitTransfer` breaks the token. */
    pay(
      items: readonly (ModelItem & { readonly terms: Terms })[],
      options: { refuse?: (paymentId: string) => string | undefined; omitTransfer?: boolean } = {},
    ): string {
      const txHash = nextTx();
      for (const { paymentId, generation, terms } of items) {
        const slot = slots.get(paymentId) ?? { paid: false, floor: 0 };
        const at = place(txHash, paymentId, generation);
        const reason = options.refuse?.(paymentId);
        if (slot.paid || generation < slot.floor) skip(at, slot);
        else if (reason !== undefined) {
          open.push({ ...at, kind: "refused", reason: { text: reason, raw: "0x" } });
        } else {
          slots.set(paymentId, { ...slot, paid: true });
          const transferLogIndex = options.omitTransfer ? null : at.logIndex - 1;
          open.push({ ...at, kind: "paid", ...terms, transferLogIndex });
        }
      }
      return txHash;
    },

    void(items: readonly ModelItem[]): string {
      const txHash = nextTx();
      for (const { paymentId, generation } of items) {
        const slot = slots.get(paymentId) ?? { paid: false, floor: 0 };
        const at = place(txHash, paymentId, generation);
        if (slot.paid || generation < slot.floor) skip(at, slot);
        else {
          slots.set(paymentId, { ...slot, floor: generation + 1 });
          open.push({ ...at, kind: "voided" });
        }
      }
      return txHash;
    },

    transactions: () => txs,
    /** Where the next log of a transaction of its own would stand. */
    placeOf: (paymentId: string, generation: number) => place(nextTx(), paymentId, generation),
    /** Any log, possible or not. */
    forge(log: PayOnceLog): void {
      open.push(log);
    },

    /** Closes the block with everything since the last one. */
    mine(): FollowedBlock {
      number += 1n;
      const logs = open;
      open = [];
      return {
        header: {
          number,
          hash: hashOf(number),
          parentHash: hashOf(number - 1n),
          timestamp: new Date(),
        },
        logs,
        headAtMs: performance.now(),
        readAtMs: performance.now(),
      };
    },
  };

  function nextTx(): string {
    txs += 1;
    return txHashOf(txs);
  }

  function place(txHash: string, paymentId: string, generation: number) {
    const logIndex = open.length * 2 + 1;
    return { txHash, logIndex, ref: refOf(paymentId), generation: BigInt(generation) };
  }

  function skip(at: ReturnType<typeof place>, slot: { paid: boolean; floor: number }): void {
    open.push({ ...at, kind: "skipped", paid: slot.paid, floor: BigInt(slot.floor) });
  }
}

export function hashOf(number: bigint): string {
  return `0x${number.toString(16).padStart(64, "b")}`;
}

export function txHashOf(n: number): string {
  return `0x${n.toString(16).padStart(64, "f")}`;
}
