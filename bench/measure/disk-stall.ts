import { readFile } from "node:fs/promises";

/**
 * Starts to watch; what is returned answers of the time since, in per cent, when all that could have run waited for the disk.
 * Undefined where the kernel keeps no account of it.
 */
export async function watchDiskStall(
  read = readPressure,
): Promise<() => Promise<number | undefined>> {
  const startedAtMs = performance.now();
  const before = parseStalledMs(await read());
  return async () => {
    const after = parseStalledMs(await read());
    if (before === undefined || after === undefined) return undefined;
    return (100 * (after - before)) / (performance.now() - startedAtMs);
  };
}

/** `full`: nothing else could run either. In microseconds since the machine started. */
export function parseStalledMs(pressure: string): number | undefined {
  const total = /^full .*\btotal=(\d+)$/m.exec(pressure)?.[1];
  return total === undefined ? undefined : Number(total) / 1_000;
}

/** Only some kernels have it. */
function readPressure(): Promise<string> {
  return readFile("/proc/pressure/io", "utf8").catch(() => "");
}
