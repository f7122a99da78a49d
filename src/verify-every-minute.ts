import { setTimeout as delay } from "node:timers/promises";
import { createChainReader } from "./arc/chain-reader.ts";
import { createSlotReader } from "./arc/read-slots.ts";
import type { Metrics } from "./metrics/create-metrics.ts";
import type { RestoreWatch } from "./restore/watch-restores.ts";
import { raiseAlarm } from "./settlement/raise-alarm.ts";
import { MISMATCH_KINDS, type Mismatch } from "./settlement/verification.ts";
import { verifyNew, type NewVerification } from "./settlement/verify-new.ts";
import { alarmHandler, instanceOf, lateAfterMsOf, type Connected } from "./stage-deps.ts";

const EVERY_MS = 60_000;
/** Whether what was found lasts is seen this soon. */
const DOUBTED_AGAIN_MS = 10_000;
/** Catching up after a long stop, a look is followed by the next at once, so many times, as long as the database is not worked more than this in a minute. */
const LOOKS_MAX = 20;
const WORK_MAX_MS = 1_500;
/** Behind by more than this is said in the log, once. */
const LAG_TOLD_MS = 300_000;
const LISTED_MAX = 10;

/**
 * Verifies what is new in the ledger, every minute, and shows the result as a metric. A broken invariant that is
 * still there some seconds later raises the alarm, once, which pauses dispatch. The work of whoever follows the chain; whatever keeps it from
 * looking is one line in the log, and the next minute looks again. Not while a restore is open: what a database has
 * forgotten is no broken invariant until it has learned it again.
 */
export async function verifyEveryMinute(
  connected: Connected,
  watch: RestoreWatch,
  signal: AbortSignal,
): Promise<void> {
  await watch.whileClosed((closed) => lookEveryMinute(connected, closed), signal);
}

async function lookEveryMinute(connected: Connected, signal: AbortSignal): Promise<void> {
  const { log, metrics } = connected;
  let isFailing = false;
  const pace = { begunMs: 0, workMs: 0, isBehind: false };
  while (!signal.aborted) {
    let hasDoubt = false;
    try {
      hasDoubt = await lookUntilCaughtUp(connected, pace, signal);
      isFailing = false;
    } catch (error) {
      metrics.reconciliationFailures.add({});
      if (!isFailing && !signal.aborted) log.warn({ err: error }, "could not verify the ledger");
      isFailing = true;
    }
    await delay(hasDoubt ? DOUBTED_AGAIN_MS : EVERY_MS, undefined, { signal }).catch(
      () => undefined,
    );
  }
}

/** What this minute's looks have taken so far, and whether it was said that they are behind. */
interface Pace {
  begunMs: number;
  workMs: number;
  isBehind: boolean;
}

/** Answers whether something was found that only the next look can confirm. */
async function lookUntilCaughtUp(
  connected: Connected,
  pace: Pace,
  signal: AbortSignal,
): Promise<boolean> {
  const { pool, rpc, config, metrics } = connected;
  const instance = instanceOf(config);
  const { payOnce } = instance;
  // Another reader than following has: it must not be told from memory what following was told.
  const chain = {
    ...createChainReader({ rpc, payOnce, onStray: () => undefined }),
    ...createSlotReader(rpc, payOnce),
  };
  if (performance.now() - pace.begunMs >= EVERY_MS) {
    pace.begunMs = performance.now();
    pace.workMs = 0;
  }
  for (let look = 0; look < LOOKS_MAX && !signal.aborted; look += 1) {
    const started = performance.now();
    const workMaxMs = WORK_MAX_MS - pace.workMs;
    const options = { lateAfterMs: lateAfterMsOf(config), workMaxMs };
    const found = await verifyNew({ pool, instance, chain }, options);
    if (!found) return false;
    pace.workMs += found.workMs;
    show(metrics, found, (performance.now() - started) / 1_000);
    tellLag(connected, pace, found.lagMs);
    await report(connected, found);
    if (found.isCaughtUp || found.hasDoubt) return found.hasDoubt;
    if (pace.workMs >= WORK_MAX_MS) return false;
  }
  return false;
}

/** More came than the database may be asked about in a minute: none of it is left out, and it is seen later. */
function tellLag({ log }: Connected, pace: Pace, lagMs: number): void {
  const isBehind = lagMs > LAG_TOLD_MS;
  const lagSeconds = Math.round(lagMs / 1_000);
  if (isBehind && !pace.isBehind) log.warn({ lagSeconds }, "verifying is behind, and goes on");
  if (!isBehind && pace.isBehind) log.info({ lagSeconds }, "verifying has caught up");
  pace.isBehind = isBehind;
}

function show(
  metrics: Metrics,
  { mismatches, checks, lagMs }: NewVerification,
  durationSeconds: number,
): void {
  const found = countByKind(mismatches);
  for (const kind of MISMATCH_KINDS) metrics.mismatches.set({ kind }, found[kind] ?? 0);
  metrics.reconciledLast.set({}, Date.now() / 1_000);
  metrics.reconciliationLag.set({}, lagMs / 1_000);
  metrics.reconciliationDuration.set({}, durationSeconds);
  metrics.reconciledRows.add(
    {},
    checks.reduce((sum, { rows }) => sum + rows, 0),
  );
}

async function report(connected: Connected, { lasting }: NewVerification): Promise<void> {
  const { pool, log } = connected;
  const late = lasting.filter(({ severity }) => severity === "late");
  if (late.length > 0) {
    log.warn(
      { kinds: countByKind(late), sample: sampleOf(late) },
      "something has outlived its deadline",
    );
  }
  const broken = lasting.filter(({ severity }) => severity === "broken");
  if (broken.length === 0) return;
  await raiseAlarm(
    { pool, log, onAlarm: alarmHandler(connected) },
    {
      kind: "ledger_mismatch",
      paymentId: null,
      generation: null,
      details: { kinds: countByKind(broken), sample: sampleOf(broken) },
    },
  );
}

function countByKind(mismatches: readonly Mismatch[]): Record<string, number> {
  const kinds = Map.groupBy(mismatches, ({ kind }) => kind);
  return Object.fromEntries([...kinds].map(([kind, found]) => [kind, found.length]));
}

function sampleOf(mismatches: readonly Mismatch[]) {
  return mismatches
    .slice(0, LISTED_MAX)
    .map(({ kind, paymentId, detail }) => ({ kind, paymentId, detail }));
}
