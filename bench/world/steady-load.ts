import { setTimeout as delay } from "node:timers/promises";
import { measureLatency } from "../../sandbox/audit/latency.ts";
import { taskKey, type PublishedTask } from "../../sandbox/traffic/ledger.ts";
import type { Rail } from "../../sandbox/service-settings.ts";
import { latencyMeasures } from "../measure/latency-measures.ts";
import { arcTime, circleTimes, type ProviderTime } from "../measure/provider-time.ts";
import { durationMeasures } from "../measure/spread.ts";
import { readPayments, type MeasuredPayment } from "../measure/read-payments.ts";
import type { Audited, Measures, RunContext } from "../question.ts";
import { auditRun, untilEnded } from "./audit-run.ts";
import { readPartTimes, usageSince } from "./part-usage.ts";
import { lastArrivalMs, type BenchWorld } from "./start-bench-world.ts";

export interface SteadyLoad {
  readonly rail: Rail;
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
  bench: BenchWorld,
  load: SteadyLoad,
  { signal }: RunContext,
): Promise<Audited> {
  const { world } = bench;
  const { ratePerSecond, warmUpMs, measuredMs } = load;
  const count = Math.round((ratePerSecond * (warmUpMs + measuredMs)) / 1_000);
  const measuredFromMs = Date.now() + warmUpMs;
  const published = world.traffic.publish(count, ratePerSecond, undefined, signal);
  await delay(warmUpMs, undefined, { signal });
  const before = await readPartTimes(world);
  const endedBefore = world.events.outcomes.length;
  await published;
  await untilEnded(world, count, { withinMs: DRAIN_WITHIN_MS, signal });
  const usage = await usageSince(world, before, count - endedBefore);
  const audit = await auditRun(world);
  const isMeasured = ({ occurredAtMs }: PublishedTask) => occurredAtMs >= measuredFromMs;
  const arrived = measureLatency(world.ledger.tasks, world.events.outcomes, isMeasured);
  const measures = {
    endToEndP50Ms: arrived.latencyMs.p50,
    endToEndP99Ms: arrived.latencyMs.p99,
    endToEndMaxMs: arrived.latencyMs.max,
    ...(await stageMeasures(bench, load.rail, isMeasured)),
    ...durationMeasures("publishedLate", bench.publishedLateMs),
    paymentsPerSecond: (arrived.measured * 1_000) / (lastArrivalMs(world) - measuredFromMs),
    ...usage,
  };
  return { measures: withFloor(measures), audit };
}

/** By the times that the service has kept, and the emulator's and the chain's own. */
export async function stageMeasures(
  { world, blocks }: BenchWorld,
  rail: Rail,
  isMeasured: (task: PublishedTask) => boolean,
): Promise<Measures> {
  const all = await readPayments(world.sandbox.databaseUrl);
  if (all.length !== world.ledger.tasks.size) {
    throw new Error(`${all.length} of ${world.ledger.tasks.size} payments are stored as published`);
  }
  const measured = all.filter((payment) => {
    const task = world.ledger.tasks.get(taskKey(payment));
    return task !== undefined && isMeasured(task);
  });
  return latencyMeasures(measured, await timesOn(rail, { world, blocks }));
}

async function timesOn(
  rail: Rail,
  { world, blocks }: Pick<BenchWorld, "world" | "blocks">,
): Promise<(payment: MeasuredPayment) => ProviderTime> {
  switch (rail) {
    case "arc":
      return (payment) => arcTime(payment, blocks);
    case "circle": {
      const { control } = world.sandbox.circle;
      const [transactions, { rate }] = await Promise.all([
        control.transactions(),
        control.settings(),
      ]);
      return circleTimes(transactions, rate.postPerSecond, blocks);
    }
  }
}

/** How far the slow end is above what the provider alone takes. */
function withFloor(measures: Record<string, number>): Measures {
  const endToEnd = measures["endToEndP99Ms"] ?? Number.NaN;
  return { ...measures, overProviderP99Ms: endToEnd - (measures["providerP99Ms"] ?? Number.NaN) };
}
