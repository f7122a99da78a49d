import { gasMeasures } from "../measure/gas.ts";
import type { Audited, RunContext } from "../question.ts";
import { auditRun, untilEnded } from "./audit-run.ts";
import { readPartTimes, usageSince } from "./part-usage.ts";
import { lastArrivalMs, type BenchWorld } from "./start-bench-world.ts";
import type { BlockWatch } from "./watch-blocks.ts";

/** As fast as the platforms can publish: it all waits before the service is there. */
const PUBLISHED_PER_SECOND = 50_000;
/** Not part of the backlog: the first payments find connections, caches and compiled code cold. */
const WARM_UP_PAYMENTS = 200;
const WARM_UP_WITHIN_MS = 20_000;

export interface Backlog {
  readonly payments: number;
  readonly withinMs: number;
}

/** Lets tasks pile up while the service is away, starts it, and takes the time until each has its outcome. */
export async function measureBacklog(
  { world, blocks }: BenchWorld,
  { payments, withinMs }: Backlog,
  { signal }: RunContext,
): Promise<Audited> {
  await world.traffic.publish(WARM_UP_PAYMENTS, WARM_UP_PAYMENTS, undefined, signal);
  await untilEnded(world, WARM_UP_PAYMENTS, { withinMs: WARM_UP_WITHIN_MS, signal });
  await world.killService();
  await world.traffic.publish(payments, PUBLISHED_PER_SECOND, undefined, signal);
  const startedAtMs = Date.now();
  await world.restartService();
  const readyAtMs = Date.now();
  const before = await readPartTimes(world);
  await untilEnded(world, WARM_UP_PAYMENTS + payments, { withinMs, signal });
  const usage = await usageSince(world, before, payments);
  const lastAtMs = lastArrivalMs(world);
  const audit = await auditRun(world);
  const drained = blocksBetween(blocks, readyAtMs, lastAtMs);
  const measures = {
    payments,
    paymentsPerSecond: (payments * 1_000) / (lastAtMs - readyAtMs),
    drainMs: lastAtMs - readyAtMs,
    drainFromStartMs: lastAtMs - startedAtMs,
    ...(await gasMeasures(world.sandbox.chain.rpcUrl, drained, payments)),
    ...usage,
  };
  return { measures, audit };
}

/** Those that could carry a payment: the first that came once the service was ready, and the last before all had ended. */
function blocksBetween(
  { blockAtMs }: BlockWatch,
  fromMs: number,
  toMs: number,
): { readonly first: number; readonly last: number } {
  const numbers = [...blockAtMs].flatMap(([number, atMs]) =>
    atMs >= fromMs && atMs <= toMs ? [number] : [],
  );
  if (numbers.length === 0) throw new Error("no block was seen while the backlog was drained");
  return { first: Math.min(...numbers), last: Math.max(...numbers) };
}
