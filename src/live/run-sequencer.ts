import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../database/pool.ts";
import type { Logger } from "../log.ts";
import { sweep } from "../sweep.ts";
import type { Wake } from "../wake.ts";
import { forgetEvents } from "./forget-events.ts";
import { numberOutcomes, OUTCOMES_MAX } from "./number-outcomes.ts";

export interface SequencerDeps {
  readonly pool: Database;
  readonly log: Logger;
  /** Rung when outcomes may have been decided, and are best numbered now. */
  readonly wake: Wake;
  /** Tells every instance that there is something new to show. */
  readonly announce: () => void;
}

/** The back-stop where no bell rings. */
const POLL_MS = 500;
/** What comes meanwhile is numbered together: at any load it is 20 commits a second at most. */
const PACE_MS = 50;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 2_000;
const FORGET_EVERY_MS = 60_000;

/**
 * Gives live events their numbers until the signal aborts, and lets old ones go; for whoever holds the relay's lease. Two
 * at once only wait for each other. No payment waits for it. Never rejects.
 */
export async function runSequencer(deps: SequencerDeps, signal: AbortSignal): Promise<void> {
  const { pool, log } = deps;
  const what = { log, everyMs: FORGET_EVERY_MS };
  await Promise.all([
    numberAlways(deps, signal),
    sweep(what, "live events that are too old to be kept", () => forgetEvents(pool), signal),
  ]);
}

async function numberAlways({ pool, log, wake, announce }: SequencerDeps, signal: AbortSignal) {
  let backOffMs = BACKOFF_FIRST_MS;
  while (!signal.aborted) {
    try {
      const numbered = await numberOutcomes(pool);
      if (numbered > 0) announce();
      if (backOffMs > BACKOFF_FIRST_MS) log.info("live events are numbered again");
      backOffMs = BACKOFF_FIRST_MS;
      if (numbered > 0) await delay(PACE_MS, undefined, { signal }).catch(() => undefined);
      // A bell that rang meanwhile is remembered: what is left without one is the back-stop's.
      if (numbered < OUTCOMES_MAX) await wake.heard(POLL_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (backOffMs === BACKOFF_FIRST_MS) log.warn({ err: error }, "live events are not numbered");
      await delay(backOffMs, undefined, { signal }).catch(() => undefined);
      backOffMs = Math.min(backOffMs * 2, BACKOFF_MAX_MS);
    }
  }
}
