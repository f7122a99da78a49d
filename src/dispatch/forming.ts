import { setTimeout as delay } from "node:timers/promises";
import { createTurnstile } from "../turnstile.ts";

/**
 * Of all lanes of a process: one forms at a time. Two that form at once would wait for each other in the database, with a
 * connection and a transaction each, and the second one then finds that the first has taken what it saw.
 */
export interface Forming {
  /** Forms when its turn has come and the last rest is over, or the signal aborts. */
  inTurn<T>(form: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Nobody forms for so long from now on. */
  rest(ms: number): void;
}

export function createForming(): Forming {
  const inTurn = createTurnstile();
  let restsUntilMs = 0;
  return {
    inTurn: (form, signal) =>
      inTurn(async () => {
        const restMs = restsUntilMs - performance.now();
        if (restMs > 0) await delay(restMs, undefined, { signal }).catch(() => undefined);
        return form();
      }),
    rest(ms) {
      restsUntilMs = performance.now() + ms;
    },
  };
}
