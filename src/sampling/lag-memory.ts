/** What one partition's end was when; told of again and again. */
export interface LagMemory {
  /** For how long, at least, the record at `next` has been there, in ms; 0 where there is none. */
  note(seen: { readonly high: bigint; readonly next: bigint; readonly nowMs: number }): number;
}

/** An hour of looks; beyond it every second one is forgotten, so that a long outage is remembered coarsely. */
const SIGHTS_MAX = 720;

interface Sight {
  readonly high: bigint;
  readonly atMs: number;
}

/** Remembers when the end was first seen beyond an offset: the record there is at least that old. It never says too much. */
export function createLagMemory(): LagMemory {
  let sights: readonly Sight[] = [];
  return {
    note({ high, next, nowMs }) {
      const open = sights.filter((sight) => sight.high > next && sight.high <= high);
      const isNews = high > next && high !== open.at(-1)?.high;
      const grown = isNews ? [...open, { high, atMs: nowMs }] : open;
      sights = grown.length > SIGHTS_MAX ? grown.filter((_, index) => index % 2 === 0) : grown;
      const [oldest] = sights;
      return oldest ? Math.max(0, nowMs - oldest.atMs) : 0;
    },
  };
}
