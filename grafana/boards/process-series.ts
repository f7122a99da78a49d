import { CHOSEN } from "./promql.ts";

/** What prom-client tells of the process by itself; a test asks for each of them in what the service answers. */
export const PROCESS_METRICS = {
  eventLoopP99: "nodejs_eventloop_lag_p99_seconds",
  eventLoopMax: "nodejs_eventloop_lag_max_seconds",
  collecting: "nodejs_gc_duration_seconds_sum",
  resident: "process_resident_memory_bytes",
  heapUsed: "nodejs_heap_size_used_bytes",
  cpu: "process_cpu_seconds_total",
  startedAt: "process_start_time_seconds",
} as const;

export function processSeries(key: keyof typeof PROCESS_METRICS): string {
  return `${PROCESS_METRICS[key]}{${CHOSEN}}`;
}
