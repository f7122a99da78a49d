import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const GONE_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/** True while a process has that id; a zombie, dead but not yet reaped, does not count. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "stat=", "-p", String(pid)]);
    return !stdout.trim().startsWith("Z");
  } catch (error) {
    if ((error as { code?: unknown }).code === 1) return false;
    throw error;
  }
}

/** Waits until the condition holds; the last look decides. */
export async function eventually(holds: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + GONE_TIMEOUT_MS; Date.now() < end; await delay(POLL_MS)) {
    if (await holds()) return true;
  }
  return holds();
}
