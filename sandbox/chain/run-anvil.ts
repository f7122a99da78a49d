import { once } from "node:events";
import { access, rm } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import type { ScratchDirectory } from "../process/scratch-directory.ts";
import { spawnPart, type Part } from "../process/spawn-part.ts";
import {
  ANVIL_FILES,
  ARC_BLOCK_TIME_MS,
  anvilArguments,
  type AnvilOptions,
} from "./anvil-arguments.ts";
import { anvilBinary } from "./anvil-binary.ts";
import type { BlockClock } from "./block-clock.ts";

const READY_TIMEOUT_MS = 20_000;

export interface RunOptions extends AnvilOptions {
  readonly signal?: AbortSignal;
}

/** Where one chain lives, over all its runs. */
export interface ChainPlace {
  readonly port: number;
  readonly scratch: ScratchDirectory;
  /** The block clock's. */
  readonly dials: Int32Array;
}

/** Runs anvil in that directory; where an earlier run ended tidily there, with its chain. Ready when it answers. */
export async function runAnvil(place: ChainPlace, options: RunOptions): Promise<Part> {
  const { port, scratch, dials } = place;
  const ready = join(scratch.path, ANVIL_FILES.ready);
  await rm(ready, { force: true });
  const anvil = await spawnPart({
    name: "anvil",
    command: anvilBinary(),
    args: anvilArguments(port, options),
    scratch,
    ready: { probe: () => access(ready).then(() => true) },
    timeoutMs: READY_TIMEOUT_MS,
    ...(options.signal && { signal: options.signal }),
  });
  const { blockTimeMs = ARC_BLOCK_TIME_MS } = options;
  try {
    const wsUrl = `ws://127.0.0.1:${port}`;
    if (blockTimeMs !== null) await startClock({ wsUrl, blockTimeMs, dials });
    return anvil;
  } catch (error) {
    await anvil.stop("SIGKILL");
    throw error;
  }
}

async function startClock(clock: BlockClock): Promise<void> {
  const worker = new Worker(new URL("./block-clock.ts", import.meta.url), { workerData: clock });
  // Rejects if the worker fails before it ticks.
  await once(worker, "message");
  worker.unref();
}
