import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { PaymentError, type ErrorCode } from "../errors.ts";

const BACKOFF_FIRST_MS = 100;
/** A part that is back is noticed within this time; it counts against the takeover times, so it is short. */
const BACKOFF_MAX_MS = 2_000;

/** Parts that go away and come back; an outage of one is one log line. */
const OUTAGES: Partial<Record<ErrorCode, string>> = {
  DATABASE_UNAVAILABLE: "Postgres",
  DATABASE_CONFLICT: "Postgres",
  REGISTRY_UNAVAILABLE: "The schema registry",
};

/**
 * Runs `work` again and again until it succeeds: one warning when a part is found away and one line when it is back;
 * any other error is a fault, logged each time at the back-off's pace. `work` must be safe to repeat after doubt.
 * The only bound is the signal, whose reason it rejects with: a service that gave up would need a person.
 */
export async function outlastOutage<T>(
  deps: { readonly log: Logger },
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let away: { part: string; sinceMs: number } | undefined;
  for (let waitMs = BACKOFF_FIRST_MS; ; waitMs = Math.min(waitMs * 2, BACKOFF_MAX_MS)) {
    signal.throwIfAborted();
    try {
      const result = await work();
      if (away) {
        const awayMs = Math.round(performance.now() - away.sinceMs);
        deps.log.info({ awayMs }, `${away.part} is back.`);
      }
      return result;
    } catch (error) {
      if (signal.aborted) throw error;
      const part = error instanceof PaymentError ? OUTAGES[error.code] : undefined;
      if (part === undefined) {
        deps.log.error({ err: error }, "unexpected failure; trying again");
      } else if (!away) {
        away = { part, sinceMs: performance.now() };
        const reason = error instanceof Error ? error.message : String(error);
        deps.log.warn({ reason }, `${part} is away; waiting until it is back.`);
      }
    }
    await delay(waitMs, undefined, { signal });
  }
}
