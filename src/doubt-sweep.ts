import { raiseDoubt } from "./dispatch/raise-doubt.ts";
import type { ChainReader } from "./follow/chain-reader.ts";
import type { RestoreWatch } from "./restore/watch-restores.ts";
import { loadCursor } from "./settlement/cursor.ts";
import { dispatchDeps, instanceOf, type Connected } from "./stage-deps.ts";

/**
 * Puts payments whose evidence is overdue into review: what the chain has settled while nobody looked is no doubt, so
 * it begins once the cursor has reached the head that it found.
 */
export function createDoubtSweep(
  connected: Connected,
  reader: ChainReader,
  watch: RestoreWatch,
): () => Promise<void> {
  const { pool, config, bells } = connected;
  const deps = dispatchDeps(connected, bells.dispatch);
  let head: bigint | undefined;
  return async () => {
    // Nothing travels while a restore is open, and a wait for an operator is no doubt.
    if (watch.isOpen()) return;
    head ??= await reader.headNumber();
    const cursor = await loadCursor(pool, instanceOf(config));
    if (cursor && cursor.number >= head) await raiseDoubt(deps);
  };
}
