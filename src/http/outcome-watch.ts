import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import type { Logger } from "../log.ts";
import { createWake, type Wake } from "../wake.ts";

/** The back-stop for an outcome that nobody rang for. */
const POLL_MS = 250;
const QUIET_MS = 60_000;
/** More are answered at once with how their payment stands. */
const WAITING_MAX = 5_000;

export interface OutcomeWatch {
  /** Resolves once the payment has ended, the time is over or the signal aborts. */
  ended(paymentId: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Looks, whenever outcomes were decided, whether somebody waits for one of them. Never throws. */
  run(signal: AbortSignal): Promise<void>;
}

const idRow = z.object({ id: z.string() });

/** Waiting for payments without asking for each: one query answers all who wait, and only when `decided` rings. */
export function createOutcomeWatch(deps: {
  readonly pool: Database;
  readonly log: Logger;
  /** Rings after every commit that may have ended payments. */
  readonly decided: Wake;
}): OutcomeWatch {
  const waiting = new Map<string, Set<() => void>>();
  const look = createWake();
  let count = 0;

  return {
    async ended(paymentId, timeoutMs, signal) {
      if (signal.aborted || timeoutMs <= 0 || count >= WAITING_MAX) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiters = waiting.get(paymentId) ?? new Set();
      waiting.set(paymentId, waiters.add(resolve));
      count += 1;
      const timer = setTimeout(resolve, timeoutMs);
      signal.addEventListener("abort", () => resolve(), { once: true });
      // It may have ended before anybody waited.
      look.ring();
      await promise;
      clearTimeout(timer);
      count -= 1;
      waiters.delete(resolve);
      if (waiters.size === 0 && waiting.get(paymentId) === waiters) waiting.delete(paymentId);
    },
    async run(signal) {
      const hearing = hear(signal);
      while (!signal.aborted) {
        await look.heard(waiting.size > 0 ? POLL_MS : QUIET_MS, signal);
        await release().catch((error: unknown) =>
          deps.log.warn({ err: error }, "could not look for outcomes that somebody waits for"),
        );
      }
      for (const waiters of waiting.values()) for (const resolve of waiters) resolve();
      await hearing;
    },
  };

  async function hear(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await deps.decided.heard(QUIET_MS, signal);
      look.ring();
    }
  }

  async function release(): Promise<void> {
    if (waiting.size === 0) return;
    const ids = [...waiting.keys()];
    const ended = await deps.pool.any(sql.prepared("http-outcomes", idRow)`
      SELECT id FROM payments WHERE id = ANY(${sql.array(ids, "uuid")}) AND state IN ('completed', 'failed')
    `);
    for (const { id } of ended) for (const resolve of waiting.get(id) ?? []) resolve();
  }
}
