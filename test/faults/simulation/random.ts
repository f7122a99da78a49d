import { createHash } from "node:crypto";

/** Numbers that follow from a text alone: the same run again, on any machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

export function randomFrom(text: string): Random {
  let state = hash32(text);
  // mulberry32: small, fast, and good enough to choose between faults.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick<T>(items: readonly T[]): T {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
  };
}

/** FNV-1a, then mixed, so that texts that differ in one digit share nothing. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A UUID of its own for the n-th draw. */
export function uuidFrom(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export interface Weighted {
  readonly key: string;
  readonly weight: number;
}

/**
 * Chooses by the items' own names: an item that is missing changes nothing for the others, so that a schedule with a step
 * left out goes on almost as before. That is what makes shrinking work.
 */
export function chooseByName<T extends Weighted>(draw: string, items: readonly T[]): T | undefined {
  let best: T | undefined;
  let bestScore = Infinity;
  for (const item of items) {
    const uniform = (hash32(`${draw} ${item.key}`) + 1) / (2 ** 32 + 1);
    const score = -Math.log(uniform) / item.weight;
    if (score < bestScore) [best, bestScore] = [item, score];
  }
  return best;
}
