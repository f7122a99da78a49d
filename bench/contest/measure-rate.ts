import { measureLatency } from "../../sandbox/audit/latency.ts";
import type { Measures, RunContext } from "../question.ts";
import type { BenchWorld } from "../world/bench-world.ts";
import { untilEnded } from "../world/until-ended.ts";

/** From a task's completion to its outcome's arrival, at an even rate, open loop; the first second is not counted. */
export async function measureRate(
  { events, ledger, traffic }: Pick<BenchWorld, "events" | "ledger" | "traffic">,
  load: { readonly perSecond: number; readonly forMs: number; readonly withinMs: number },
  { signal }: Pick<RunContext, "signal">,
): Promise<Measures> {
  const { perSecond, forMs, withinMs } = load;
  const countedFromMs = Date.now() + 1_000;
  await traffic.publish((perSecond * (1_000 + forMs)) / 1_000, perSecond, undefined, signal);
  await untilEnded({ events }, ledger.tasks.size, { withinMs, signal });
  const { latencyMs } = measureLatency(
    ledger.tasks,
    events.outcomes,
    ({ occurredAtMs }) => occurredAtMs >= countedFromMs,
  );
  return { [`at${perSecond}P50Ms`]: latencyMs.p50, [`at${perSecond}P99Ms`]: latencyMs.p99 };
}
