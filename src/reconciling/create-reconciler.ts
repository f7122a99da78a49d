import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../database/pool.ts";
import type { Logger } from "../log.ts";
import type { Verify, Wanted } from "./reconciliation.ts";
import {
  beatReconciliation,
  beginReconciliation,
  endReconciliation,
  type Begun,
  type ReconciliationOrder,
} from "./store-reconciliation.ts";

export interface ReconcilerDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly verify: Verify;
}

export interface Reconciler {
  /** Begins one in the background, unless one runs anywhere. Throws DATABASE_*. */
  begin(order: ReconciliationOrder): Promise<Begun>;
  /** Until the signal aborts; then what runs is given up, and says so. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

const BEAT_EVERY_MS = 10_000;
/** A ledger of millions takes minutes; what takes longer is done by hand. */
const TIMEOUT_MS = 15 * 60_000;

/** Verifications of the whole ledger on demand, one at a time over all instances. No payment waits for one. */
export function createReconciler({ pool, log, verify }: ReconcilerDeps): Reconciler {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function work(id: string, wanted: Wanted): Promise<void> {
    const given = new AbortController();
    const signal = AbortSignal.any([
      stopping.signal,
      given.signal,
      AbortSignal.timeout(TIMEOUT_MS),
    ]);
    const beating = beatUntil(id, given);
    const ended = await verify(wanted, signal).then(
      (report) => ({ report }),
      (error: unknown) => ({ error: whyOf(error, signal) }),
    );
    given.abort();
    await beating;
    if ("error" in ended) log.warn({ reconciliationId: id, reason: ended.error }, "not verified");
    else if (ended.report.mismatches.length > 0) {
      const sample = ended.report.mismatches.slice(0, 10);
      log.error({ reconciliationId: id, sample }, "a verification on demand has found mismatches");
    }
    await endReconciliation(pool, id, ended);
  }

  async function beatUntil(id: string, given: AbortController): Promise<void> {
    const { signal } = given;
    while (!signal.aborted) {
      await delay(BEAT_EVERY_MS, undefined, { signal }).catch(() => undefined);
      const isOurs = signal.aborted || (await beatReconciliation(pool, id).catch(() => true));
      if (!isOurs) given.abort();
    }
  }

  return {
    async begin(order) {
      const begun = await beginReconciliation(pool, order);
      if (begun.kind === "begun") {
        running = work(begun.id, order.wanted).catch((error: unknown) =>
          log.warn({ err: error, reconciliationId: begun.id }, "could not store a verification"),
        );
      }
      return begun;
    },
    async run(signal) {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
      stopping.abort(new Error("The service was stopped."));
      await running;
    },
  };
}

function whyOf(error: unknown, signal: AbortSignal): string {
  const reason: unknown = signal.aborted ? signal.reason : error;
  return reason instanceof Error ? reason.message : String(reason);
}
