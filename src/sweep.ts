import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "./log.ts";

const SWEEP_EVERY_MS = 1_000;

/** Looks for something again and again, once a second unless told, beside the follower; what a look could not do, the next one does. */
export async function sweep(
  { log, everyMs = SWEEP_EVERY_MS }: { readonly log: Logger; readonly everyMs?: number },
  what: string,
  look: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  let isFailing = false;
  while (!signal.aborted) {
    try {
      await look();
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn({ err: error, what }, "could not look; looking again");
      isFailing = true;
    }
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
