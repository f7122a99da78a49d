import type { Service } from "../../sandbox/demo/service.ts";
import { peakRssMb, readProcesses, treeCpuMs } from "../measure/processes.ts";
import type { Audited, RunContext } from "../question.ts";
import { startInstances } from "./more-instances.ts";
import { readPartTimes, usageSince } from "./part-usage.ts";
import { lastArrivalMs } from "./bench-world.ts";
import type { SandboxWorld } from "./start-sandbox-world.ts";
import { untilEnded } from "./until-ended.ts";

const WARM_UP_TASKS = 200;
const WARM_UP_WITHIN_MS = 20_000;
const PUBLISHED_PER_SECOND = 50_000;
const DRAIN_WITHIN_MS = 45_000;

/** A backlog that waits in Kafka while nobody serves, paid by so many instances that start at once. */
export async function measureInstances(
  world: SandboxWorld,
  { instances, payments }: { readonly instances: number; readonly payments: number },
  { signal }: RunContext,
): Promise<Audited> {
  await world.traffic.publish(WARM_UP_TASKS, WARM_UP_TASKS, undefined, signal);
  await untilEnded(world, WARM_UP_TASKS, { withinMs: WARM_UP_WITHIN_MS, signal });
  await world.killService();
  await world.traffic.publish(payments, PUBLISHED_PER_SECOND, undefined, signal);
  const [, others] = await Promise.all([
    world.restartService(),
    startInstances(world, instances - 1),
  ]);
  await using beside = others;
  const startedAtMs = Date.now();
  const before = await readPartTimes(world);
  const besideBefore = await besideCpuMs(beside.all);
  const total = WARM_UP_TASKS + payments;
  await untilEnded(world, total, { withinMs: DRAIN_WITHIN_MS, signal });
  const usage = await usageSince(world, before, payments);
  const besideUs = (((await besideCpuMs(beside.all)) - besideBefore) * 1_000) / payments;
  const drainMs = lastArrivalMs(world) - startedAtMs;
  const sizes = [world.pids.service, ...beside.all.map(({ pid }) => pid)].map(peakRssMb);
  const cpuUs = Object.entries(usage).flatMap(([name, value]) =>
    name.endsWith("CpuUsPerPayment") ? [value] : [],
  );
  const sumUs = cpuUs.reduce((sum, each) => sum + each, besideUs);
  return {
    measures: {
      ...usage,
      paymentsPerSecond: (payments * 1_000) / drainMs,
      instancesCpuUsPerPayment: (usage["serviceCpuUsPerPayment"] ?? Number.NaN) + besideUs,
      busyProcessors: (sumUs * payments) / 1_000 / drainMs,
      instanceRssMaxMb: Math.max(...(await Promise.all(sizes))),
    },
    audit: await world.audit(),
  };
}

async function besideCpuMs(instances: readonly Service[]): Promise<number> {
  const table = await readProcesses();
  return instances.reduce((sum, { pid }) => sum + treeCpuMs(table, pid), 0);
}
