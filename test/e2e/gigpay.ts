import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
const TIMEOUT_MS = 60_000;

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one `gigpay` command to its end, as an operator does beside a running service. */
export function gigpay(
  settings: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<CommandEnd> {
  return runProgram(GIGPAY, settings, args);
}

/** Runs a TypeScript program to its end, with this environment and no other. */
export function runProgram(
  program: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<CommandEnd> {
  const quiet = "--disable-warning=TimeoutNegativeWarning";
  return new Promise((resolve) => {
    const options = { env: { ...environment }, timeout: TIMEOUT_MS };
    const child = execFile(
      process.execPath,
      [quiet, program, ...args],
      options,
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
