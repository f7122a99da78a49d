import { setTimeout as delay } from "node:timers/promises";
import { failpoint } from "../failpoint.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import { createFundsBook } from "./funds-book.ts";
import { createHeldSends, type HeldSends } from "./held-sends.ts";
import { createPayerHolds } from "./payer-holds.ts";
import type { Lane, SendTicket } from "./rail.ts";
import { readOpenSends } from "./stored-sends.ts";
import { createTurn, type Turn } from "./take-turn.ts";
import { createTurnstile } from "../turnstile.ts";
import type { Wake } from "../wake.ts";

const TEND_EVERY_MS = 1_000;
/** However often the provider calls: each time it is asked, and its limit is for all who ask. */
const TEND_GAP_MS = 250;

export interface LaneDeps extends DispatchDeps {
  /** Rung when the provider says that there is news of a send; absent: nobody says so. */
  readonly news?: Wake;
}

/**
 * Dispatch of one lane, for whoever holds its lease. In come due payments; out go sends, each stored in one commit
 * before anything leaves. It ends when the signal aborts; it throws when its memory and the database may differ (a
 * COMMIT whose answer was lost), and is then simply run again: every start opens the lane from the stored sends, and
 * submits again those that were never answered, which moves money once however often it happens.
 */
export async function runLane(deps: LaneDeps, lane: Lane, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await runFromMemory(deps, lane, signal);
}

/** One opening of the lane; returns when the lane must be opened anew. */
async function runFromMemory(deps: LaneDeps, lane: Lane, outer: AbortSignal): Promise<void> {
  const inner = new AbortController();
  const signal = AbortSignal.any([outer, inner.signal]);
  const open = await readOpenSends(deps.database, lane);
  await lane.open(
    open.map(({ send }) => send),
    signal,
  );
  const exclusive = createTurnstile();
  const held = createHeldSends({ deps, lane, exclusive, signal, trouble: { code: null } });
  const book = createFundsBook(deps);
  const holds = createPayerHolds(deps);
  await holds.load();
  for (const { payer, token } of holds.held()) book.look(payer, token);
  for (const { send, answered } of open) held.take(send, answered);
  deps.log.info({ lane: lane.id, openSends: open.length }, "lane opened");
  const works = [
    keepForming(deps, createTurn(deps, lane, { held, book, holds, exclusive }), signal),
    keepTending(deps, lane, held, signal),
    book.run(signal),
  ];
  try {
    await Promise.race([...works, held.failed]);
  } catch (error) {
    if (!outer.aborted) throw error;
  } finally {
    inner.abort();
    await Promise.allSettled(works);
    await held.ended();
  }
}

async function keepForming(deps: DispatchDeps, takeTurn: Turn, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const idleMs = await takeTurn(signal);
    if (idleMs === "reopen") return;
    if (idleMs > 0) await deps.wake.heard(idleMs, signal);
  }
}

async function keepTending(
  { log, news }: LaneDeps,
  lane: Lane,
  held: HeldSends,
  signal: AbortSignal,
): Promise<void> {
  let isFailing = false;
  while (!signal.aborted) {
    await delay(news ? TEND_GAP_MS : TEND_EVERY_MS, undefined, { signal }).catch(() => undefined);
    await news?.heard(TEND_EVERY_MS - TEND_GAP_MS, signal);
    const sends = held.sends();
    if (signal.aborted || sends.length === 0) continue;
    try {
      const store = (id: string, ticket: SendTicket) => held.store(id, ticket);
      const learnt = await lane.tend(sends, store, signal);
      isFailing = false;
      if (learnt.length > 0) await failpoint("tend.reported");
      for (const { sendId, report } of learnt) await held.learn(sendId, report);
    } catch (error) {
      // Tending only helps sends along: what it could not do, or store, it does a second later.
      if (!isFailing && !signal.aborted) log.warn({ err: error, lane: lane.id }, "tending failed");
      isFailing = true;
    }
  }
}
