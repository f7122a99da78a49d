import type { Audited, RunContext } from "../question.ts";
import { lastArrivalMs, type BenchWorld } from "./bench-world.ts";
import { readPartTimes, usageSince } from "./part-usage.ts";
import { untilEnded } from "./until-ended.ts";

/** As fast as the platforms can publish: it all waits before the service is there. */
const PUBLISHED_PER_SECOND = 50_000;
/** Not part of the backlog: the first payments find connections and caches cold. */
const WARM_UP_PAYMENTS = 200;
const WARM_UP_WITHIN_MS = 20_000;

export interface Backlog {
  readonly payments: number;
  readonly withinMs: number;
}

/** Lets tasks pile up while the service is away, starts it, and takes the time until each has its outcome. */
export async function measureBacklog(
  world: BenchWorld,
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
  const audit = await world.audit();
  const measures = {
    payments,
    paymentsPerSecond: (payments * 1_000) / (lastAtMs - readyAtMs),
    drainMs: lastAtMs - readyAtMs,
    drainFromStartMs: lastAtMs - startedAtMs,
    ...(await world.gasBetween(readyAtMs, lastAtMs, payments)),
    ...usage,
  };
  return { measures, audit };
}
