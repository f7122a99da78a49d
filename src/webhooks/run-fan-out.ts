import { setTimeout as delay } from "node:timers/promises";
import type { Wake } from "../wake.ts";
import { fanOut, type FanOutDeps } from "./fan-out.ts";

export interface FanOutBells {
  /** Rings after every commit that may have ended payments. */
  readonly decided: Wake;
  /** Rung when there are new deliveries. */
  readonly due: Wake;
}

/** So many looks a second at most: what is decided meanwhile is taken along. */
const PACE_MS = 20;
/** The back-stop for an outcome that nobody rang for; and all the looking there is while no endpoint exists. */
const POLL_MS = 500;
const BACKOFF_MS = 1_000;

/** Makes messages into deliveries until the signal aborts. Never rejects. */
export async function runFanOut(
  deps: FanOutDeps,
  { decided, due }: FanOutBells,
  signal: AbortSignal,
): Promise<void> {
  let isFailing = false;
  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    try {
      const { messages, deliveries, hasEndpoints } = await fanOut(deps);
      isFailing = false;
      if (deliveries > 0) due.ring();
      if (!hasEndpoints) await pause(POLL_MS);
      else if (messages === 0) await decided.heard(POLL_MS, signal);
      await pause(PACE_MS);
    } catch (error) {
      if (!isFailing) deps.log.warn({ err: error }, "webhooks wait; trying again");
      isFailing = true;
      await pause(BACKOFF_MS);
    }
  }
}
