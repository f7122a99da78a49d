import { setTimeout as delay } from "node:timers/promises";
import type { Traffic } from "../../sandbox/traffic/publish-tasks.ts";
import type { Contender } from "./contender.ts";
import type { ContestWorld } from "./world.ts";

const POLL_MS = 20;

/** A contender in its world, under load. */
export interface Stage {
  readonly world: ContestWorld;
  readonly traffic: Traffic;
  readonly contender: Contender;
  readonly signal: AbortSignal;
}

/** Resolves once every task that was published has an outcome; false where some have none in that time. */
export async function untilAllEnded(
  { world, signal }: Pick<Stage, "world" | "signal">,
  withinMs: number,
): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  for (let ended = new Set<string>(), read = 0; ;) {
    const { outcomes } = world.events;
    for (; read < outcomes.length; read += 1) ended = ended.add(outcomes[read]?.taskId ?? "");
    if (ended.size >= world.ledger.tasks.size) return true;
    if (performance.now() > untilMs) return false;
    await delay(POLL_MS, undefined, { signal });
  }
}

/** When the last outcome came. */
export function lastArrivalMs({ events }: ContestWorld): number {
  return events.outcomes.reduce((last, { arrivedAtMs }) => Math.max(last, arrivedAtMs), 0);
}
