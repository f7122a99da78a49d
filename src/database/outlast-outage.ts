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

/** Since when a part is away, by what was last said in that log: several stages meet the same outage. */
const said = new WeakMap<Logger, Map<string, number>>();

/**
 * Runs `work` again and again until it succeeds: one warning when a part is found away and one line when it is back,
 * however many stages wait for it; any other error is a fault, one line until it is another one. `work` must be
 * safe to repeat after doubt. The only bound is the signal, whose reason it rejects with: a service that gave up would
 * need a person.
 */
export async function outlastOutage<T>(
  deps: { readonly log: Logger },
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let met: string | undefined;
  let fault: string | undefined;
  for (let waitMs = BACKOFF_FIRST_MS; ; waitMs = Math.min(waitMs * 2, BACKOFF_MAX_MS)) {
    signal.throwIfAborted();
    try {
      const result = await work();
      if (met !== undefined) sayBack(deps.log, met);
      return result;
    } catch (error) {
      if (signal.aborted) throw error;
      const part = error instanceof PaymentError ? OUTAGES[error.code] : undefined;
      if (part === undefined) {
        if (fault !== String(error))
          deps.log.error({ err: error }, "unexpected failure; trying again");
        fault = String(error);
      } else {
        met = part;
        sayAway(deps.log, part, error);
      }
    }
    await delay(waitMs, undefined, { signal });
  }
}

function sayAway(log: Logger, part: string, error: unknown): void {
  const outages = said.get(log) ?? new Map<string, number>();
  said.set(log, outages);
  if (outages.has(part)) return;
  outages.set(part, performance.now());
  const reason = error instanceof Error ? error.message : String(error);
  log.warn({ part, reason }, `${part} is away; waiting until it is back.`);
}

function sayBack(log: Logger, part: string): void {
  const sinceMs = said.get(log)?.get(part);
  if (sinceMs === undefined) return;
  said.get(log)?.delete(part);
  log.info({ part, awayMs: Math.round(performance.now() - sinceMs) }, `${part} is back.`);
}
