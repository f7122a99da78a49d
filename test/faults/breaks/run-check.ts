import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import type { Check } from "./break.ts";

export interface CheckResult {
  readonly failed: boolean;
  /** The line that says why it failed. */
  readonly reason: string;
}

/** Far above what any of them takes; one that hangs has noticed something too. */
const TIMEOUT_MS = 600_000;
const OUTPUT_KEPT = 200_000;
const QUIET = "--disable-warning=TimeoutNegativeWarning";

/** Runs one check in a checkout, as a process of its own. */
export async function runCheck(directory: string, check: Check): Promise<CheckResult> {
  const { code, output } = await runNode(directory, argumentsOf(check));
  return { failed: code !== 0, reason: code === 0 ? "" : reasonIn(output, check) };
}

export async function compileContracts(directory: string): Promise<void> {
  const { code, output } = await runNode(directory, ["contracts/compile.ts"]);
  if (code !== 0) throw new Error(`contracts do not compile: ${output}`);
}

function argumentsOf(check: Check): string[] {
  switch (check.kind) {
    case "simulation":
      return ["test/faults/main.ts", "--seeds", `${check.seeds}`, "--failures", "1"];
    case "cell":
      return ["test/faults/main.ts", "--cell", check.name, "--workers", "1"];
    case "test":
      return ["node_modules/vitest/vitest.mjs", "run", check.file, "--reporter=dot"];
  }
}

async function runNode(
  cwd: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  // The programs of node_modules/.bin are found as under npm.
  const PATH = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const child = spawn(process.execPath, [QUIET, ...args], {
    cwd,
    env: { ...process.env, PATH, NO_COLOR: "1" },
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  let output = "";
  const keep = (chunk: Buffer) => void (output = (output + chunk.toString()).slice(-OUTPUT_KEPT));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  await once(child, "close");
  return { code: child.exitCode, output };
}

/** The first line that names a broken promise; a process that died without one says its last. */
function reasonIn(output: string, { kind }: Check): string {
  const lines = output.split("\n").map((line) => line.trim());
  const telling = kind === "test" ? /^(FAIL|AssertionError|Error:)/ : /fails|failed|breaks/;
  const line = lines.find((text) => telling.test(text)) ?? lines.findLast((text) => text !== "");
  return (line ?? "ended without a word").slice(0, 200);
}
