import { PROMISE_MS } from "./stages.ts";

/** Whole milliseconds are counted one by one up to here; a minute late is as late as any. */
const COUNTED_MAX_MS = 60_000;

export interface Latencies {
  add(ms: number): void;
  readonly count: number;
  readonly overPromise: number;
  /** Nearest rank; 0 while there is none. */
  quantile(q: number): number;
}

/** The distribution of every latency so far, in memory that does not grow. */
export function createLatencies(): Latencies {
  const counts = new Uint32Array(COUNTED_MAX_MS + 1);
  let count = 0;
  let overPromise = 0;
  return {
    add(ms) {
      const slot = Math.min(COUNTED_MAX_MS, Math.max(0, Math.round(ms)));
      counts[slot] = (counts[slot] ?? 0) + 1;
      count += 1;
      if (ms > PROMISE_MS) overPromise += 1;
    },
    get count() {
      return count;
    },
    get overPromise() {
      return overPromise;
    },
    quantile(q) {
      if (count === 0) return 0;
      let left = Math.max(1, Math.ceil(count * q));
      return counts.findIndex((here) => (left -= here) <= 0);
    },
  };
}
