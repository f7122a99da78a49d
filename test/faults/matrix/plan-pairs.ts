/** A combination, and the pairs that it covers. */
export interface Combination<T> {
  readonly value: T;
  readonly pairs: readonly string[];
}

/**
 * All pairs: few combinations that cover, between them, every pair that any combination covers. Greedy, and the same for
 * the same seed: each time the one that covers the most that is new; the seed decides between equals.
 */
export function coverPairs<T>(all: readonly Combination<T>[], seed: number): T[] {
  const left = new Set(all.flatMap(({ pairs }) => pairs));
  let candidates = shuffle(all, seed);
  const chosen: T[] = [];
  while (left.size > 0) {
    let best: Combination<T> | undefined;
    let bestCount = 0;
    candidates = candidates.filter(({ pairs }) => pairs.some((pair) => left.has(pair)));
    for (const one of candidates) {
      const count = one.pairs.filter((pair) => left.has(pair)).length;
      if (count <= bestCount) continue;
      best = one;
      bestCount = count;
      if (count === one.pairs.length) break;
    }
    if (!best) break;
    for (const pair of best.pairs) left.delete(pair);
    chosen.push(best.value);
  }
  return chosen;
}

function shuffle<T>(items: readonly T[], seed: number): T[] {
  const random = randomFrom(seed);
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
