import { setTimeout as delay } from "node:timers/promises";

/**
 * Spaces requests evenly, first come first served. Even spacing, not bursts: Circle's limit is per second and per
 * account, and while a batch waits for its turn it grows, which is how hundreds of payments a second fit into five
 * requests. First come first served: repeats of unanswered requests must not starve new ones.
 */
export interface Pacer {
  /** Waits for a turn and keeps it for the next `take`; a turn that is kept already is kept on. */
  hold(signal: AbortSignal): Promise<void>;
  /** Resolves when a request may leave: at once with a kept turn, else when its own turn comes. */
  take(signal: AbortSignal): Promise<void>;
  /** Circle said "too many": nobody goes before this time is over, a kept turn included. */
  pushBack(ms: number): void;
}

export interface PacerOptions {
  readonly now?: () => number;
  /** A turn has come, after so long. */
  readonly onTurn?: (waitedMs: number) => void;
}

export function createPacer(
  perSecond: number,
  { now = () => performance.now(), onTurn }: PacerOptions = {},
): Pacer {
  const spacingMs = 1_000 / perSecond;
  let nextAtMs = 0;
  let isHeld = false;
  let last: Promise<unknown> = Promise.resolve();

  async function come(signal: AbortSignal): Promise<void> {
    // A push-back may come while we wait.
    while (nextAtMs > now()) await delay(nextAtMs - now(), undefined, { signal });
    nextAtMs = now() + spacingMs;
  }
  function queue(signal: AbortSignal): Promise<void> {
    const askedAtMs = now();
    const mine = last.then(() => come(signal));
    last = mine.then(() => onTurn?.(now() - askedAtMs)).catch(() => undefined);
    return mine;
  }
  return {
    async hold(signal) {
      if (isHeld) return;
      await queue(signal);
      isHeld = true;
    },
    async take(signal) {
      if (!isHeld) return queue(signal);
      isHeld = false;
      // It may have been kept for long: the next one counts from when this one leaves, or two would leave together.
      nextAtMs = Math.max(nextAtMs, now() + spacingMs);
    },
    pushBack(ms) {
      nextAtMs = Math.max(nextAtMs, now() + ms);
      isHeld = false;
    },
  };
}
