import { measureLatency } from "../../sandbox/audit/latency.ts";
import type { Measures } from "../question.ts";
import { untilAllEnded, type Stage } from "./stage.ts";

/** From a task's completion to its outcome's arrival, at an even rate, open loop; the first second is not counted. */
export async function measureRate(
  stage: Stage,
  load: { readonly perSecond: number; readonly forMs: number; readonly withinMs: number },
): Promise<Measures> {
  const { world, traffic, signal } = stage;
  const { perSecond, forMs, withinMs } = load;
  const countedFromMs = Date.now() + 1_000;
  await traffic.publish((perSecond * (1_000 + forMs)) / 1_000, perSecond, undefined, signal);
  if (!(await untilAllEnded(stage, withinMs))) {
    throw new Error(`${perSecond}/s were not all paid ${withinMs} ms after the last`);
  }
  const { latencyMs } = measureLatency(
    world.ledger.tasks,
    world.events.outcomes,
    ({ occurredAtMs }) => occurredAtMs >= countedFromMs,
  );
  return { [`at${perSecond}P50Ms`]: latencyMs.p50, [`at${perSecond}P99Ms`]: latencyMs.p99 };
}
