import { runSequencer } from "./live/run-sequencer.ts";
import type { RestoreWatch } from "./restore/watch-restores.ts";
import type { Connected } from "./stage-deps.ts";
import { until } from "./until.ts";

/** Outcomes → live events, once the database was looked at for signs of a restore: only then is its epoch known. */
export async function runLiveSequencer(
  { log, pool, sequencerBell: wake, signals }: Connected,
  { checked }: RestoreWatch,
  signal: AbortSignal,
): Promise<void> {
  await until(checked, signal).catch(() => undefined);
  await runSequencer({ pool, log, wake, announce: () => signals.announce("live") }, signal);
}
