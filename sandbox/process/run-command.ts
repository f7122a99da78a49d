import { createInterface } from "node:readline";

import { describeExit } from "./await-ready.ts";
import { startGuard, type GuardedCommand } from "./guard.ts";

const LINES_MAX = 200;

/**
 * Runs a command to its end, under the same guard as a part, and answers the last lines that it wrote to both
 * outputs. Anything but exit 0 is an error that carries them.
 */
export async function runCommand(command: GuardedCommand, timeoutMs: number): Promise<string> {
  const guard = startGuard(command);
  const lines: string[] = [];
  for (const output of [guard.stdout, guard.stderr]) {
    createInterface(output).on("line", (line) => {
      if (lines.push(line) > LINES_MAX) lines.shift();
    });
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    guard.stdin.end("KILL\n");
  }, timeoutMs);
  const exit = await guard.exited;
  clearTimeout(timer);
  if (exit.code === 0) return lines.join("\n");
  const reason = late ? `was not done within ${timeoutMs} ms` : `failed (${describeExit(exit)})`;
  throw new Error([`${command.name} ${reason}`, ...lines.slice(-20)].join("\n  "));
}
