import type { PrometheusTools } from "./find-prometheus.ts";
import { runTool } from "./run-tool.ts";

/** Prometheus' checker; `input` is what `check metrics` reads. Throws what it complains of. */
export function runPromtool(
  { promtool }: PrometheusTools,
  args: readonly string[],
  input = "",
): Promise<string> {
  return runTool(promtool, args, input);
}
