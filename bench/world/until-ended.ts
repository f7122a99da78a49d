import { setTimeout as delay } from "node:timers/promises";
import { taskKey } from "../../sandbox/traffic/ledger.ts";
import type { BenchWorld } from "./bench-world.ts";

const POLL_MS = 20;

export interface Patience {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** Resolves once so many tasks have an outcome, however often it came; throws where they have not in that time. */
export async function untilEnded(
  world: Pick<BenchWorld, "events">,
  count: number,
  patience: Patience,
): Promise<void> {
  const ended = await countEnded(world, count, patience);
  if (ended >= count) return;
  throw new Error(`${ended} of ${count} tasks have an outcome after ${patience.withinMs} ms more`);
}

/** Answers how many tasks have an outcome, once it is so many, or that time is over. */
export async function countEnded(
  { events }: Pick<BenchWorld, "events">,
  count: number,
  { withinMs, signal }: Patience,
): Promise<number> {
  const untilMs = performance.now() + withinMs;
  const ended = new Set<string>();
  for (let read = 0; ;) {
    for (const outcome of events.outcomes.slice(read)) ended.add(taskKey(outcome));
    read = events.outcomes.length;
    if (ended.size >= count || performance.now() > untilMs) return ended.size;
    await delay(POLL_MS, undefined, { signal });
  }
}
