import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";

const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 3_000;

export interface AvailabilityOptions<T> {
  /** Names the part in the log line: "Kafka", "The schema registry". */
  readonly part: string;
  readonly attempt: () => Promise<T>;
  /** Only these are waited out; any other error is thrown on. Default: all. */
  readonly isAway?: (error: unknown) => boolean;
}

/**
 * Tries until the part answers: one log line when it is found away, one when it is back. The only bound is the
 * signal: a service that gave up waiting would need a person to start it again. Rejects with the signal's reason.
 */
export async function untilAvailable<T>(
  deps: { log: Logger; signal: AbortSignal },
  { part, attempt, isAway = () => true }: AvailabilityOptions<T>,
): Promise<T> {
  let awaySinceMs: number | undefined;
  for (let waitMs = BACKOFF_FIRST_MS; ; waitMs = Math.min(waitMs * 2, BACKOFF_MAX_MS)) {
    deps.signal.throwIfAborted();
    try {
      const result = await attempt();
      if (awaySinceMs !== undefined) {
        deps.log.info(
          { part, awayMs: Math.round(performance.now() - awaySinceMs) },
          `${part} is back.`,
        );
      }
      return result;
    } catch (error) {
      if (!isAway(error) || deps.signal.aborted) throw error;
      if (awaySinceMs === undefined) {
        awaySinceMs = performance.now();
        deps.log.warn(
          { part, reason: reasonOf(error) },
          `${part} is away; trying until it is back.`,
        );
      }
    }
    await delay(waitMs, undefined, { signal: deps.signal });
  }
}

/** One line for the log; the stack of a refused connection says nothing. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
