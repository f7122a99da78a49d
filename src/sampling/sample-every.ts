import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../log.ts";
import type { SAMPLERS } from "../metrics/catalogue/labels.ts";
import type { Metrics } from "../metrics/create-metrics.ts";

export interface Sampler {
  readonly name: (typeof SAMPLERS)[number];
  /** Gathers and shows its figures; what it cannot ask, it throws. Its calls end with the signal where they can. */
  readonly sample: (signal: AbortSignal) => Promise<void>;
}

export interface Pace {
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** Prometheus comes every 15 s or so: what it sees is a third as old as what it would have to accept anyway. */
const PACE: Pace = { everyMs: 5_000, timeoutMs: 4_000 };

/**
 * Gathers figures again and again, beside the line, until the signal aborts: one look at a time, each bounded. A look that
 * failed leaves the figures as they were, is counted, and is one line in the log when failing begins and one when it ends.
 * Never rejects.
 */
export async function sampleEvery(
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
  { name, sample }: Sampler,
  signal: AbortSignal,
  { everyMs, timeoutMs }: Pace = PACE,
): Promise<void> {
  let running: Promise<void> | undefined;
  let failingSinceMs: number | undefined;
  while (!signal.aborted) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    // One that has outlived its time is waited for: there are never two.
    running ??= sample(limit).finally(() => (running = undefined));
    try {
      await unlessAborted(running, limit);
      metrics.sampled.set({ sampler: name }, Date.now() / 1_000);
      if (failingSinceMs !== undefined) {
        const awayMs = Math.round(performance.now() - failingSinceMs);
        log.info({ sampler: name, awayMs }, "figures for the metrics are gathered again");
      }
      failingSinceMs = undefined;
    } catch (error) {
      if (signal.aborted) return;
      metrics.samplerFailures.add({ sampler: name });
      if (failingSinceMs === undefined) {
        // The time-out's own error says nothing but that, in two thousand characters.
        const why = limit.aborted ? { timeoutMs } : { err: error };
        log.warn({ ...why, sampler: name }, "figures for the metrics cannot be gathered");
      }
      failingSinceMs ??= performance.now();
    }
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Rejects with the signal's reason where that comes first; the work is then left to itself. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  work.catch(() => undefined);
  try {
    signal.throwIfAborted();
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
