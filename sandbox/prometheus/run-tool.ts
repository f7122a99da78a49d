import { spawn } from "node:child_process";
import { basename } from "node:path";
import { text } from "node:stream/consumers";

const TOOL_TIMEOUT_MS = 120_000;

/** Runs a checker to its end and answers what it said; anything but exit 0 is an error that carries it. */
export async function runTool(
  program: string,
  args: readonly string[],
  input: string,
): Promise<string> {
  const child = spawn(program, [...args], { timeout: TOOL_TIMEOUT_MS });
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
  const command = [basename(program), ...args].join(" ");
  throw new Error(`${command} (exit ${code ?? "by signal"})\n${said}${complained}`);
}
