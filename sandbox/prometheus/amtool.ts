import type { PrometheusTools } from "./find-prometheus.ts";
import { runTool } from "./run-tool.ts";

/** Alertmanager's checker. Throws what it complains of. */
export function runAmtool({ amtool }: PrometheusTools, args: readonly string[]): Promise<string> {
  return runTool(amtool, args, "");
}
