import type { Measures } from "../question.ts";
import { peakRssMb, readProcesses, treeCpuMs } from "../measure/processes.ts";
import type { BenchWorld } from "./bench-world.ts";

/** The CPU time of each part of a world so far, in ms. */
export type PartTimes = Readonly<Record<string, number>>;

export async function readPartTimes({ pids }: Pick<BenchWorld, "pids">): Promise<PartTimes> {
  const table = await readProcesses();
  const times = Object.entries(pids).map(([part, pid]) => [part, treeCpuMs(table, pid)] as const);
  // This process is the generator and the auditor; its children are the parts.
  const { user, system } = process.cpuUsage();
  return { ...Object.fromEntries(times), generator: (user + system) / 1_000 };
}

/** What each part took since, spread over these payments: `serviceCpuUsPerPayment`; and the service's memory at its largest. */
export async function usageSince(
  world: Pick<BenchWorld, "pids">,
  before: PartTimes,
  payments: number,
): Promise<Measures> {
  const after = await readPartTimes(world);
  const perPayment = Object.entries(after).map(([part, ms]) => [
    `${part}CpuUsPerPayment`,
    ((ms - (before[part] ?? 0)) * 1_000) / payments,
  ]);
  return {
    ...Object.fromEntries(perPayment),
    serviceRssMaxMb: await peakRssMb(world.pids.service),
  };
}
