import { createInterface } from "node:readline";

import { awaitReady, type Ready } from "./await-ready.ts";
import { startGuard, type GuardedCommand, type PartExit } from "./guard.ts";

const LOG_LINES_MAX = 200;

export interface PartSpec extends GuardedCommand {
  readonly ready: Ready;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Sees each line the part writes, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** A process of the sandbox that cannot outlive the process which started it. */
export interface Part {
  readonly name: string;
  /** The part's own pid, not its guard's: what a fault test kills or freezes. */
  readonly pid: number;
  /** Resolves, never rejects, once the part and everything it started are gone. */
  readonly exited: Promise<PartExit>;
  /** Sends the signal (SIGTERM unless told), kills the whole group after a grace, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** The last lines that the part wrote. */
  logTail(): string;
}

/**
 * Starts a program under a guard (guard.sh) that ends it when this process dies, however it dies, and resolves
 * when the part is ready. A part that ends early or is not ready in time is stopped, and the error carries its
 * name, the reason and its last lines.
 */
export async function spawnPart(spec: PartSpec): Promise<Part> {
  spec.signal?.throwIfAborted();
  const guard = startGuard(spec);
  const lines: string[] = [];
  const logTail = () => lines.join("\n");
  const listeners = new Set<(line: string) => void>(spec.onLine === undefined ? [] : [spec.onLine]);
  const keep = (line: string) => {
    if (lines.push(line) > LOG_LINES_MAX) lines.shift();
    for (const listener of listeners) listener(line);
  };
  for (const output of [guard.stdout, guard.stderr]) createInterface(output).on("line", keep);

  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    guard.stdin.end(`${signal.slice("SIG".length)}\n`);
    await guard.exited;
  };
  try {
    // Watched from the first moment: the line that tells may come before the pid does.
    const ready = awaitReady(spec, { exited: guard.exited, listeners });
    const pid = Promise.race([guard.pid, guard.exited.then(() => 0)]);
    await ready;
    return { name: spec.name, pid: await pid, exited: guard.exited, stop, logTail };
  } catch (error) {
    await stop("SIGKILL");
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error([`${spec.name} ${reason}`, ...lines.slice(-20)].join("\n  "), { cause: error });
  }
}
