import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { EXIT } from "./cli/exit.ts";
import { verifyReport, type VerifyReport, type Wanted } from "./reconciling/reconciliation.ts";

const GIGPAY = fileURLToPath(new URL("./cli/gigpay.ts", import.meta.url));
/** A report lists some thousand mismatches at the very most. */
const REPORT_BYTES_MAX = 16 * 1024 * 1024;

/**
 * `gigpay verify` in a process of its own, of low priority: its statements may take minutes where a payment's may not, its
 * memory is not the service's, and it can be ended at any moment.
 */
export async function verifyInChild(wanted: Wanted, signal: AbortSignal): Promise<VerifyReport> {
  signal.throwIfAborted();
  const { code, stdout, stderr } = await runGigpay(
    ["verify", "--json", ...flagsOf(wanted)],
    signal,
  );
  if (code !== EXIT.done && code !== EXIT.mismatch) {
    throw new Error(stderr.trim().split("\n").at(-1) ?? `gigpay verify ended with ${code}`);
  }
  return verifyReport.parse(JSON.parse(stdout));
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runGigpay(args: readonly string[], signal: AbortSignal): Promise<Ended> {
  // What the program's own first line asks of Node, behind `#!/usr/bin/env -S node`.
  const [shebang = ""] = (await readFile(GIGPAY, "utf8")).split("\n", 1);
  const flags = shebang.split(" ").slice(3);
  return new Promise((resolve, reject) => {
    const options = { signal, maxBuffer: REPORT_BYTES_MAX, killSignal: "SIGKILL" } as const;
    const child = execFile(
      execPath,
      [...flags, GIGPAY, ...args],
      options,
      (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve({ code: child.exitCode, stdout, stderr });
      },
    );
    if (child.pid !== undefined) lowerPriority(child.pid);
  });
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It may have ended already; and where nobody may, it runs as any other.
  }
}

function flagsOf({ fromBlock, toBlock, slots }: Wanted): string[] {
  return [
    ...(fromBlock === undefined ? [] : ["--from-block", `${fromBlock}`]),
    ...(toBlock === undefined ? [] : ["--to-block", `${toBlock}`]),
    ...(slots === undefined ? [] : ["--slots", `${slots}`]),
  ];
}
