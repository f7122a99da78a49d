import { setTimeout as delay } from "node:timers/promises";
import { sql } from "slonik";
import { z } from "zod";
import type { Stage } from "./stage.ts";

const LOOK_MS = 500;

const openRestores = sql.type(
  z.object({ count: z.bigint() }),
)`SELECT count(*) FROM restores WHERE closed_at IS NULL`;

/** Whether the service has found signs of a restored backup, and stands still until an operator has looked. */
export async function isRestoreOpen({ cell }: Stage): Promise<boolean> {
  return Number(await cell.world.pool.oneFirst(openRestores)) > 0;
}

export async function confirmRestore({ gigpay }: Stage): Promise<void> {
  await gigpay(
    "restored",
    "--yes",
    "--reason",
    "old processes are stopped, the directory is right",
  );
}

/** For faults that look like a restore to the service: confirms what it finds, as an operator who is on call does. */
export async function confirmRestores(stage: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const isOpen = await isRestoreOpen(stage).catch(() => false);
    // What the service has not read yet is confirmed at the next look.
    if (isOpen) await confirmRestore(stage).catch(() => undefined);
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
