import type { Batch, Shortage } from "./choose-batch.ts";
import { pairKey } from "./due-queues.ts";
import type { FundsBook, KnownFunds } from "./funds-book.ts";
import type { PayerHolds } from "./payer-holds.ts";

/**
 * A payer who cannot pay all that is due is tried again once his funds were read again. One who could not pay even with
 * nothing on its way is parked for all to see; whoever was parked and pays now is so no longer.
 */
export async function noteShortages(
  { book, holds }: { book: FundsBook; holds: PayerHolds },
  funds: ReadonlyMap<string, KnownFunds>,
  { shortages, batch }: { shortages: readonly Shortage[]; batch: Batch | undefined },
): Promise<void> {
  const broke = new Map<string, Shortage>();
  for (const shortage of shortages) {
    book.putOff(shortage.payer, shortage.token);
    if (shortage.broke) broke.set(pairKey(shortage), shortage);
  }
  for (const [key, { needed }] of broke) {
    const known = funds.get(key);
    if (known) await holds.hold(known, needed);
  }
  const paying = new Set(batch?.intent === "pay" ? batch.payments.map(pairKey) : []);
  for (const pair of holds.held()) {
    if (paying.has(pairKey(pair)) && !broke.has(pairKey(pair))) await holds.release(pair);
  }
}

/** Nothing of theirs was due for a minute: cancelled, or paid by another lane. */
export async function releaseForgotten(book: FundsBook, holds: PayerHolds): Promise<void> {
  for (const pair of holds.held()) {
    if (!book.isWatched(pair.payer, pair.token)) await holds.release(pair);
  }
}
