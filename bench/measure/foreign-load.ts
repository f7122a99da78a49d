import { readMachineTimes, readProcesses, treeCpuMs } from "./processes.ts";

/**
 * Of all processors, what others may take during a run. An idle machine's own daemons and the kernel's work for the network
 * between our processes, which is nobody's, come to one or two percent.
 */
export const FOREIGN_SHARE_MAX = 0.05;

interface Reading {
  readonly busyMs: number;
  readonly wholeMs: number;
  readonly oursMs: number;
}

/** Starts to watch; what is returned answers which share of all processors' time has gone to others since. */
export async function watchForeignLoad(read = readLoad): Promise<() => Promise<number>> {
  const before = await read();
  return async () => {
    const after = await read();
    const foreignMs = after.busyMs - before.busyMs - (after.oursMs - before.oursMs);
    return Math.max(0, foreignMs / (after.wholeMs - before.wholeMs));
  };
}

/** Ours are this process and all it has started: the sandbox, the service, the generator, the auditor. */
async function readLoad(): Promise<Reading> {
  const [machine, processes] = await Promise.all([readMachineTimes(), readProcesses()]);
  return { ...machine, oursMs: treeCpuMs(processes, process.pid) };
}
