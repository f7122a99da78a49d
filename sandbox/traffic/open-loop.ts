import { setTimeout as delay } from "node:timers/promises";

/** What is due within this goes out together: a send for each task of a thousand a second would be all the generator does. */
const TICK_MS = 5;

/**
 * Calls back, in order, with the times at which tasks were to be done and are not published yet, until `count` were or the
 * signal aborts. The times are the plan's: where a publication is held up, those after it are late, and say so.
 */
export async function openLoop(
  count: number,
  ratePerSecond: number,
  publish: (occurredAtMs: readonly number[]) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const startedAtMs = Date.now();
  const plannedAtMs = (index: number) => startedAtMs + Math.floor((index * 1_000) / ratePerSecond);
  let published = 0;
  const isOver = () => published >= count || signal?.aborted === true;
  while (!isOver()) {
    const due: number[] = [];
    for (let index = published; index < count && plannedAtMs(index) <= Date.now(); index += 1) {
      due.push(plannedAtMs(index));
    }
    if (due.length > 0) await publish(due);
    published += due.length;
    // A timer may ring within the millisecond before the one that it was set for.
    const restMs = due.length === 0 ? 1 : Math.max(TICK_MS, plannedAtMs(published) - Date.now());
    if (!isOver()) await delay(restMs);
  }
}
