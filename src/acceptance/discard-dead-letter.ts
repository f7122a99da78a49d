import type { Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { closeLetter } from "./close-letter.ts";
import type { OperatorOrder } from "./operator-order.ts";
import { lockLetter, type LetterStatus } from "./stored-letters.ts";

export type DiscardResult =
  | { readonly kind: "discarded" }
  | { readonly kind: "not_found" }
  /** It was replayed or discarded before; nothing was changed. */
  | { readonly kind: "closed"; readonly status: LetterStatus["status"] };

/** Closes a letter of which nothing is to become. Asked twice, it is done once. */
export async function discardDeadLetter(
  deps: { readonly pool: Database },
  id: string,
  order: OperatorOrder,
): Promise<DiscardResult> {
  return transact(deps.pool, async (tx): Promise<DiscardResult> => {
    const before = await lockLetter(tx, id);
    if (!before) return { kind: "not_found" };
    if (before.status !== "open") return { kind: "closed", status: before.status };
    await closeLetter(tx, { id, before }, "discarded", { ...order, effect: {} });
    return { kind: "discarded" };
  });
}
