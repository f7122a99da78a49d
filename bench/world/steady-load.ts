import { setTimeout as delay } from "node:timers/promises";
import { measureLatency } from "../../sandbox/audit/latency.ts";
import { taskKey, type PublishedTask } from "../../sandbox/traffic/ledger.ts";
import { latencyMeasures } from "../measure/latency-measures.ts";
import { readPayments } from "../measure/read-payments.ts";
import { durationMeasures } from "../measure/spread.ts";
import type { Audited, Measures, RunContext } from "../question.ts";
import { lastArrivalMs, type BenchWorld } from "./bench-world.ts";
import { readPartTimes, usageSince } from "./part-usage.ts";
import { untilEnded } from "./until-ended.ts";

export interface SteadyLoad {
  readonly ratePerSecond: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** How long what is under way when the load ends may take to end. */
const DRAIN_WITHIN_MS = 40_000;

/**
 * Tasks at an even rate, open loop: what is measured of each counts from when it was to be done. The first ones warm
 * everything up and are left out. Ends with the audit of all of them.
 */
export async function measureSteadyLoad(
  world: BenchWorld,
  { ratePerSecond, warmUpMs, measuredMs }: SteadyLoad,
  { signal }: RunContext,
): Promise<Audited> {
  const count = Math.round((ratePerSecond * (warmUpMs + measuredMs)) / 1_000);
  const measuredFromMs = Date.now() + warmUpMs;
  const isMeasured = ({ occurredAtMs }: PublishedTask) => occurredAtMs >= measuredFromMs;
  const publishedMs: number[] = [];
  const published = world.traffic.publish(
    count,
    ratePerSecond,
    (task) => {
      if (isMeasured(task)) publishedMs.push(Date.now() - task.occurredAtMs);
    },
    signal,
  );
  const [before, endedBefore] = await Promise.race([
    delay(warmUpMs, undefined, { signal }).then(
      async () => [await readPartTimes(world), world.events.outcomes.length] as const,
    ),
    // A load that breaks off must not be waited for.
    published.then(() => Promise.reject(new Error("the load was over before it was warm"))),
  ]);
  await published;
  await untilEnded(world, count, { withinMs: DRAIN_WITHIN_MS, signal });
  const usage = await usageSince(world, before, count - endedBefore);
  const audit = await world.audit();
  const arrived = measureLatency(world.ledger.tasks, world.events.outcomes, isMeasured);
  const measures = {
    endToEndP50Ms: arrived.latencyMs.p50,
    endToEndP99Ms: arrived.latencyMs.p99,
    endToEndMaxMs: arrived.latencyMs.max,
    ...(await stageMeasures(world, isMeasured)),
    ...durationMeasures("published", publishedMs),
    paymentsPerSecond: (arrived.measured * 1_000) / (lastArrivalMs(world) - measuredFromMs),
    ...usage,
  };
  return { measures: withFloor(measures), audit };
}

/** By the times that the service has kept, and the provider's own. */
export async function stageMeasures(
  world: BenchWorld,
  isMeasured: (task: PublishedTask) => boolean,
): Promise<Measures> {
  const { tasks } = world.ledger;
  const all = await readPayments(world.databaseUrl);
  if (all.length !== tasks.size) {
    throw new Error(`${all.length} of ${tasks.size} payments are stored as published`);
  }
  const measured = all.filter((payment) => {
    const task = tasks.get(taskKey(payment));
    return task !== undefined && isMeasured(task);
  });
  return latencyMeasures(measured, await world.providerTimes());
}

/** How far the slow end is above what the provider alone takes. */
function withFloor(measures: Record<string, number>): Measures {
  const endToEnd = measures["endToEndP99Ms"] ?? Number.NaN;
  return { ...measures, overProviderP99Ms: endToEnd - (measures["providerP99Ms"] ?? Number.NaN) };
}
