import { setTimeout as delay } from "node:timers/promises";
import { taskKey } from "../../sandbox/traffic/ledger.ts";
import type { BenchWorld } from "./bench-world.ts";

const POLL_MS = 20;

/** Resolves once so many tasks have an outcome, however often it came; throws where they have not in that time. */
export async function untilEnded(
  { events }: Pick<BenchWorld, "events">,
  count: number,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const untilMs = performance.now() + withinMs;
  const ended = new Set<string>();
  for (let read = 0; ;) {
    for (const outcome of events.outcomes.slice(read)) ended.add(taskKey(outcome));
    read = events.outcomes.length;
    if (ended.size >= count) return;
    if (performance.now() > untilMs) {
      throw new Error(`${ended.size} of ${count} tasks have an outcome after ${withinMs} ms more`);
    }
    await delay(POLL_MS, undefined, { signal });
  }
}
