import { setTimeout as delay } from "node:timers/promises";

/**
 * Spaces requests evenly. Even spacing, not bursts: Circle's limit is per second and per account, and while a batch
 * waits for its turn it grows, which is how hundreds of payments a second fit into five requests.
 */
export interface Pacer {
  /** Resolves when the next request may leave; takes nothing. */
  free(signal: AbortSignal): Promise<void>;
  /** Takes the next turn and resolves when it comes. */
  take(signal: AbortSignal): Promise<void>;
  /** Circle said "too many": nobody goes before this time is over. */
  pushBack(ms: number): void;
}

export function createPacer(perSecond: number, now: () => number = () => performance.now()): Pacer {
  const spacingMs = 1_000 / perSecond;
  let nextAtMs = 0;
  const until = async (atMs: number, signal: AbortSignal): Promise<void> => {
    const waitMs = atMs - now();
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
  };
  return {
    async free(signal) {
      // Another taker may push the turn back while we wait; each round waits for a later one, so it ends.
      while (nextAtMs > now()) await until(nextAtMs, signal);
    },
    async take(signal) {
      const turnMs = Math.max(nextAtMs, now());
      nextAtMs = turnMs + spacingMs;
      await until(turnMs, signal);
    },
    pushBack(ms) {
      nextAtMs = Math.max(nextAtMs, now() + ms);
    },
  };
}
