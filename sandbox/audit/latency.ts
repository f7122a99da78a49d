import { taskKey, type PublishedTask } from "../traffic/ledger.ts";
import { quantile } from "./quantile.ts";
import type { OutcomeEvent } from "./read-events.ts";

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LatencyReport {
  readonly latencyMs: Latency;
  readonly overThreeSeconds: number;
  readonly measured: number;
}

/**
 * From a task's completion to the arrival of its first `payment.completed` at a consumer, by one machine's clock.
 * `include` leaves tasks out (those caught by a kill, say).
 */
export function measureLatency(
  tasks: ReadonlyMap<string, PublishedTask>,
  outcomes: readonly OutcomeEvent[],
  include: (task: PublishedTask) => boolean = () => true,
): LatencyReport {
  const firstArrival = new Map<string, number>();
  for (const outcome of outcomes) {
    const key = taskKey(outcome);
    if (outcome.kind === "completed" && !firstArrival.has(key)) {
      firstArrival.set(key, outcome.arrivedAtMs);
    }
  }
  const latencies = [...firstArrival]
    .flatMap(([key, arrivedAtMs]) => {
      const task = tasks.get(key);
      return task && include(task) ? [arrivedAtMs - task.occurredAtMs] : [];
    })
    .sort((a, b) => a - b);
  return {
    latencyMs: {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      max: latencies.at(-1) ?? 0,
    },
    overThreeSeconds: latencies.filter((ms) => ms > 3_000).length,
    measured: latencies.length,
  };
}
