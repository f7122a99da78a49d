import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the range that the system hands to outgoing connections (from 32768 on Linux, 49152 on macOS): a port
 * from that range can be taken by any client while a part restarts on it, even by a client that retries that very port
 * and so connects to itself.
 */
const PORT_MIN = 15_000;
const PORT_MAX = 32_000;
const PICKS_MAX = 100;
const START_TRIES_MAX = 4;

/** Never given twice by one process, so parts that start in parallel do not race for the same one. */
const given = new Set<number>();

/** A port of 127.0.0.1 that was free a moment ago. Another process may still take it: see `onFreePort`. */
export async function freePort(): Promise<number> {
  for (let pick = 0; pick < PICKS_MAX; pick += 1) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port found between ${PORT_MIN} and ${PORT_MAX} in ${PICKS_MAX} tries.`);
}

/** Starts something on a free port and, should another process have taken it in between, on another one. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      const taken =
        error instanceof Error &&
        /address (already )?in use|EADDRINUSE|port is already allocated/i.test(error.message);
      if (!taken || attempt === START_TRIES_MAX) throw error;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
