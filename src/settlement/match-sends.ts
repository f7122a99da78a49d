import type { PayOnceLog } from "../payment/pay-once-log.ts";
import { paymentIdOfRef } from "../payment/ids.ts";
import type { RailName } from "../payment/events.ts";

export interface SendItem {
  readonly position: number;
  readonly paymentId: string;
  readonly generation: number;
}

/** A stored send that carries payments of this batch, with those of its items. */
export interface CarriedSend {
  readonly id: string;
  readonly rail: RailName;
  readonly kind: "pay" | "void";
  readonly isOpen: boolean;
  readonly operator: string;
  readonly itemCount: number;
  readonly circleId: string | null;
  readonly hashes: readonly string[];
  readonly items: readonly SendItem[];
}

/**
 * Which of our sends each mined transaction is: by its hash; or, since Circle reports a hash late and accelerates
 * under a new one, as the oldest open circle send whose items are exactly the transaction's logs, in order.
 * Every item of a send leaves exactly one log. An arc send's hashes are all stored before they leave.
 * Only bookkeeping hangs on the answer: what a log means for its payment does not.
 */
export function matchSends(
  logsByTx: ReadonlyMap<string, readonly PayOnceLog[]>,
  sends: readonly CarriedSend[],
): Map<string, CarriedSend> {
  const byHash = new Map(sends.flatMap((send) => send.hashes.map((hash) => [hash, send] as const)));
  const matches = new Map<string, CarriedSend>();
  const taken = new Set<string>();
  for (const txHash of logsByTx.keys()) {
    const send = byHash.get(txHash);
    if (send) take(txHash, send);
  }
  for (const [txHash, logs] of logsByTx) {
    if (matches.has(txHash)) continue;
    const send = sends.find(
      (send) =>
        send.rail === "circle" && send.isOpen && !taken.has(send.id) && carriesExactly(send, logs),
    );
    if (send) take(txHash, send);
  }
  return matches;

  function take(txHash: string, send: CarriedSend): void {
    matches.set(txHash, send);
    taken.add(send.id);
  }
}

function carriesExactly(send: CarriedSend, logs: readonly PayOnceLog[]): boolean {
  if (send.itemCount !== logs.length || send.items.length !== logs.length) return false;
  return logs.every((log, index) => {
    const item = send.items[index];
    return (
      item !== undefined &&
      item.paymentId === paymentIdOfRef(log.ref) &&
      BigInt(item.generation) === log.generation &&
      fits(send.kind, log.kind)
    );
  });
}

function fits(kind: CarriedSend["kind"], log: PayOnceLog["kind"]): boolean {
  if (log === "skipped") return true;
  return kind === "void" ? log === "voided" : log !== "voided";
}
