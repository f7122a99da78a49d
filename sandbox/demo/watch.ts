import { measureLatency, type LatencyReport } from "../audit/latency.ts";
import type { OutcomeEvent } from "../audit/read-events.ts";
import { taskKey, type PublishedTask } from "../traffic/ledger.ts";

/** What can be said of the traffic at any moment, from the ledger and the outcome topics alone. */
export interface Progress {
  readonly published: number;
  readonly ended: number;
  readonly inFlight: number;
  readonly latency: LatencyReport;
}

export function progressOf(
  tasks: ReadonlyMap<string, PublishedTask>,
  outcomes: readonly OutcomeEvent[],
): Progress {
  const ended = endedTasks(outcomes).size;
  return {
    published: tasks.size,
    ended,
    inFlight: tasks.size - ended,
    latency: measureLatency(tasks, outcomes),
  };
}

export function endedTasks(outcomes: readonly OutcomeEvent[]): Set<string> {
  return new Set(outcomes.map(taskKey));
}

export function progressLine({ published, ended, inFlight, latency }: Progress): string {
  const { p50, p99 } = latency.latencyMs;
  return [
    `published ${String(published).padStart(5)}`,
    `paid ${String(ended).padStart(5)}`,
    `in flight ${String(inFlight).padStart(4)}`,
    `p50 ${seconds(p50)}`,
    `p99 ${seconds(p99)}`,
    `over 3 s ${latency.overThreeSeconds}`,
  ].join("   ");
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
