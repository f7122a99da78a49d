/** A range to draw from, both ends included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Chance that can be replayed: the same seed draws the same faults and latencies. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** Uniform within the range. */
  between(range: Range): number;
  reseed(seed: number): void;
}

/** Mulberry32: 32 bits of state are plenty for picking faults, and it is six lines. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: ({ min, max }) => min + next() * (max - min),
    reseed: (seed) => {
      state = seed >>> 0;
    },
  };
}
