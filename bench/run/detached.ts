import { spawn } from "node:child_process";
import { open, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SCRATCH } from "./paths.ts";

const RUNNER = fileURLToPath(new URL("./main.ts", import.meta.url));
const QUIET = "--disable-warning=TimeoutNegativeWarning";
const POLL_MS = 200;
/** A sandbox is put away within seconds. */
const STOP_WITHIN_MS = 30_000;

const pathOf = (name: string, what: "log" | "pid" | "exit") => `${SCRATCH}${name}.${what}`;

export const logPathOf = (name: string): string => pathOf(name, "log");

/** Starts a run in a session of its own, which neither a Ctrl-C here nor the end of the terminal reaches. */
export async function startDetached(name: string, args: readonly string[]): Promise<void> {
  await mkdir(SCRATCH, { recursive: true });
  await rm(pathOf(name, "exit"), { force: true });
  await using log = await open(logPathOf(name), "w");
  const child = spawn(process.execPath, [QUIET, RUNNER, ...args], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  if (child.pid === undefined) throw new Error("the run could not be started");
  await writeFile(pathOf(name, "pid"), String(child.pid));
  child.unref();
}

/** The questions that are being answered: one at a time, or they would measure each other. */
export async function runsUnderWay(): Promise<string[]> {
  const files = await readdir(SCRATCH).catch(() => []);
  const names = files.filter((file) => file.endsWith(".pid")).map((file) => file.slice(0, -4));
  const pids = await Promise.all(names.map(runningPid));
  return names.filter((_, index) => pids[index] !== undefined);
}

/** Writes the log as it grows, from its beginning, until the run is over or the signal aborts; answers its exit code. */
export async function followRun(
  name: string,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<number | "still running"> {
  await using log = await open(logPathOf(name), "r");
  const copy = async () => {
    for (;;) {
      const { bytesRead, buffer } = await log.read();
      if (bytesRead === 0) return;
      write(buffer.subarray(0, bytesRead).toString());
    }
  };
  for (;;) {
    // Asked before the last lines are read: what it wrote at its end must not be missed.
    const isOver = (await runningPid(name)) === undefined;
    await copy();
    if (isOver) return await exitCodeOf(name);
    if (signal.aborted) return "still running";
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Ends a run and waits for it: it puts its sandbox away first. False where there is none. */
export async function stopRun(name: string): Promise<boolean> {
  const pid = await runningPid(name);
  if (pid === undefined) return false;
  process.kill(pid, "SIGTERM");
  const untilMs = Date.now() + STOP_WITHIN_MS;
  while ((await runningPid(name)) !== undefined && Date.now() < untilMs) await delay(POLL_MS);
  // The guards of the sandbox's parts end them when their owner is gone.
  if ((await runningPid(name)) !== undefined) process.kill(pid, "SIGKILL");
  return true;
}

/** Called by the run itself, last. */
export async function noteExit(name: string, exitCode: number): Promise<void> {
  await writeFile(pathOf(name, "exit"), String(exitCode));
  await rm(pathOf(name, "pid"), { force: true });
}

/** One that was killed has said nothing. */
async function exitCodeOf(name: string): Promise<number> {
  return Number(await readFile(pathOf(name, "exit"), "utf8").catch(() => "1"));
}

/** The id may be another process' by now. */
async function runningPid(name: string): Promise<number | undefined> {
  const pid = await readFile(pathOf(name, "pid"), "utf8").catch(() => "");
  if (pid === "") return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes(RUNNER) ? Number(pid) : undefined;
}
