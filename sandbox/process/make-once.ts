import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { scratchDirectory, sweepAfterUse, type ScratchDirectory } from "./scratch-directory.ts";

/** Longer than any download should take; beyond it a waiter does the work itself. */
const TURN_TIMEOUT_MS = 5 * 60_000;
const TURN_POLL_MS = 100;

/**
 * Makes a file or folder that many processes want and one should make. It is made in a directory of its own and renamed
 * when it is complete: what exists is whole. Who comes while it is made waits for it; should the maker die, the
 * next in line makes it. `make` puts its result at `partial`, or puts nothing there, and then nothing is kept.
 */
export async function makeOnce(
  path: string,
  make: (partial: string, scratch: ScratchDirectory) => Promise<void>,
): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  const turn = await takeTurn(path);
  try {
    if (existsSync(path)) return;
    const scratch = await scratchDirectory("partial", { parent: dirname(path) });
    try {
      const partial = join(scratch.path, "made");
      await make(partial, scratch);
      if (existsSync(partial)) await rename(partial, path);
    } finally {
      await scratch.remove();
    }
  } finally {
    await turn?.remove();
  }
}

/** A lock that the death of its holder removes. None, after a bounded wait: the rename alone keeps results whole. */
async function takeTurn(path: string): Promise<ScratchDirectory | undefined> {
  const lock = `${path}.lock`;
  for (const end = Date.now() + TURN_TIMEOUT_MS; Date.now() < end; await delay(TURN_POLL_MS)) {
    try {
      await mkdir(lock);
      return sweepAfterUse(lock);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (existsSync(path)) return undefined;
  }
  return undefined;
}
