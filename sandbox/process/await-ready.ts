import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import type { PartExit } from "./guard.ts";

/**
 * How to tell that a part is ready: its port of 127.0.0.1 takes connections, it wrote a line that matches, or a
 * probe says so. A probe that throws means "not yet".
 */
export type Ready =
  | { readonly port: number }
  | { readonly line: RegExp }
  | { readonly probe: () => Promise<boolean> };

const POLL_MS = 25;

interface Watched {
  readonly exited: Promise<PartExit>;
  readonly listeners: Set<(line: string) => void>;
}

/** Resolves when the part is ready; rejects, with the rest of a sentence that starts with its name, when it never will be. */
export async function awaitReady(
  spec: { readonly ready: Ready; readonly timeoutMs: number; readonly signal?: AbortSignal },
  part: Watched,
): Promise<void> {
  const done = new AbortController();
  const ended = part.exited.then((exit) => {
    throw new Error(`ended before it was ready (${describeExit(exit)})`);
  });
  const late = delay(spec.timeoutMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(`was not ready within ${spec.timeoutMs} ms`);
  });
  const aborted = spec.signal === undefined ? [] : [rejectOnAbort(spec.signal, done.signal)];
  // The losers of the race still settle; nobody else listens to them.
  const watches = [ended, late, ...aborted];
  for (const watch of watches) watch.catch(() => undefined);
  try {
    await Promise.race([isReady(spec.ready, part, done.signal), ...watches]);
  } finally {
    done.abort();
  }
}

/** "exit 1", "SIGKILL", or why it never ran. */
export function describeExit(exit: PartExit): string {
  return exit.neverRan ?? exit.signal ?? `exit ${exit.code ?? "unknown"}`;
}

async function rejectOnAbort(signal: AbortSignal, done: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort", { signal: done });
  throw new Error("was stopped while it started");
}

async function isReady(ready: Ready, part: Watched, done: AbortSignal): Promise<void> {
  if ("line" in ready) return lineSeen(ready.line, part);
  const probe = "port" in ready ? () => portTakesConnections(ready.port) : ready.probe;
  while (!done.aborted) {
    if (await probe().catch(() => false)) return;
    await delay(POLL_MS, undefined, { signal: done }).catch(() => undefined);
  }
}

function lineSeen(pattern: RegExp, part: Watched): Promise<void> {
  return new Promise((resolve) => {
    const listener = (line: string) => {
      if (!pattern.test(line)) return;
      part.listeners.delete(listener);
      resolve();
    };
    part.listeners.add(listener);
  });
}

/** True when something accepts a connection on that port of 127.0.0.1. */
async function portTakesConnections(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
