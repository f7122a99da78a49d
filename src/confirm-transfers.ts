import { raiseDoubt } from "./dispatch/raise-doubt.ts";
import { withholdRestored } from "./dispatch/withhold-restored.ts";
import { createTransferConfirmation } from "./settlement/confirm-transfers.ts";
import { createForgottenSweep } from "./settlement/find-forgotten.ts";
import { createAnnouncedSweep } from "./settlement/settle-announced.ts";
import type { RestoreWatch } from "./restore/watch-restores.ts";
import { confirmDeps, dispatchDeps, type Connected } from "./stage-deps.ts";
import { sweep } from "./sweep.ts";

/** Half a block: what Circle has named is mined in the next one or two. */
const CONFIRM_EVERY_MS = 250;

/** What plain transfers came to: Circle names the transactions, the chain says what they are, and commit 3 settles them. */
export async function confirmTransfers(
  connected: Connected,
  watch: Pick<RestoreWatch, "isOpen">,
  signal: AbortSignal,
): Promise<void> {
  const { log, bells } = connected;
  const deps = dispatchDeps(connected, bells.dispatch);
  const look = createTransferConfirmation(confirmDeps(connected));
  const doubts = async () => {
    // Nothing travels while a restore is open, and a wait for an operator is no doubt.
    if (watch.isOpen()) return;
    await withholdRestored(deps);
    await raiseDoubt(deps);
  };
  await Promise.all([
    sweep({ log, everyMs: CONFIRM_EVERY_MS }, "transfers", look, signal),
    sweep({ log }, "payments in doubt", doubts, signal),
    lookForForgotten(connected, watch, signal),
  ]);
}

/** What a restored backup has forgotten: by what our own topics announced, and by what Circle lists under our ids. */
async function lookForForgotten(
  connected: Connected,
  watch: Pick<RestoreWatch, "isOpen">,
  signal: AbortSignal,
): Promise<void> {
  const { log, lanes } = connected;
  const deps = confirmDeps(connected);
  const announced = createAnnouncedSweep(deps);
  const finder = lanes.find(({ method }) => method === "transfer")?.finder;
  const inReview = finder && createForgottenSweep({ ...deps, finder }, "review");
  const failed = finder && createForgottenSweep({ ...deps, finder }, "failed");
  await sweep(
    { log },
    "forgotten transfers",
    async () => {
      if (watch.isOpen()) return;
      await announced();
      await inReview?.(signal);
      await failed?.(signal);
    },
    signal,
  );
}
