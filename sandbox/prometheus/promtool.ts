import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

import type { PrometheusTools } from "./find-prometheus.ts";

const PROMTOOL_TIMEOUT_MS = 120_000;

/**
 * Runs promtool to its end and answers what it said; anything but exit 0 is an error that carries it. `input` is what
 * `check metrics` reads.
 */
export async function runPromtool(
  { promtool }: PrometheusTools,
  args: readonly string[],
  input = "",
): Promise<string> {
  const child = spawn(promtool, [...args], { timeout: PROMTOOL_TIMEOUT_MS });
  // It may end before it has read all of it; its exit says why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const [said, complained, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exited,
  ]);
  if (code === 0) return said + complained;
  throw new Error(`promtool ${args.join(" ")} (exit ${code ?? "by signal"})\n${said}${complained}`);
}
