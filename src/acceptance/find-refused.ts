/** Tries the first `length` items, each time from the same beginning, and answers whether the database took them. */
export type TryPrefix = (length: number) => Promise<boolean>;

/**
 * The index of the item at which the database refuses the batch: the last one of the shortest refused beginning, found
 * in log2(count) tries. `count` items together must have been refused; with more than one bad item it is the first.
 */
export async function findRefused(count: number, isTaken: TryPrefix): Promise<number> {
  let taken = 0;
  let refused = count;
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2);
    if (await isTaken(middle)) taken = middle;
    else refused = middle;
  }
  return refused - 1;
}
