import { access, rm } from "node:fs/promises";
import { join } from "node:path";

import type { ScratchDirectory } from "../process/scratch-directory.ts";
import { spawnPart, type Part } from "../process/spawn-part.ts";
import { ANVIL_FILES, anvilArguments, type AnvilOptions } from "./anvil-arguments.ts";
import { anvilBinary } from "./anvil-binary.ts";
import { holdBaseFee } from "./hold-base-fee.ts";

const READY_TIMEOUT_MS = 20_000;

export interface RunOptions extends AnvilOptions {
  readonly signal?: AbortSignal;
}

/** Runs anvil in that directory; where an earlier run ended tidily there, with its chain. Ready when it answers. */
export async function runAnvil(
  port: number,
  scratch: ScratchDirectory,
  options: RunOptions,
): Promise<Part> {
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
  try {
    await holdBaseFee(`ws://127.0.0.1:${port}`);
    return anvil;
  } catch (error) {
    await anvil.stop("SIGKILL");
    throw error;
  }
}
