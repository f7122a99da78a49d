import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { auditDemo } from "../../../sandbox/demo/report.ts";
import { startDemoWorld, type DemoWorld } from "../../../sandbox/demo/world.ts";
import type { Rail } from "../../../sandbox/service-settings.ts";

export interface BacklogReport {
  readonly payments: number;
  readonly rail: Rail;
  readonly drainedInMs: number;
  readonly paymentsPerSecond: number;
  /** The service's own process, at its largest. */
  readonly rssMaxMb: number;
  readonly paidTwice: number;
  readonly lost: number;
  readonly contradicting: number;
  readonly balanced: boolean;
}

/** As fast as the platforms can publish: it all waits before the service is there. */
const PUBLISHED_PER_SECOND = 50_000;
const SAMPLE_MS = 100;
/** Ten times what was seen for 100,000 on two cores that everything shared. */
const PATIENCE_MS = 900_000;

/** Lets tasks pile up while the service is away, starts it, and watches its memory until each has its outcome. */
export async function runBacklog(payments: number, rail: Rail): Promise<BacklogReport> {
  await using world = await startDemoWorld({ rail });
  await world.killService();
  await world.traffic.publish(payments, PUBLISHED_PER_SECOND);
  const startedAtMs = performance.now();
  const pid = await world.restartService();
  const rssMaxMb = await watchUntilDrained(world, pid, payments);
  const drainedInMs = Math.round(performance.now() - startedAtMs);
  const { paidTwice, lost, contradicting, balanced } = await auditDemo(world, [], {
    rail,
    ratePerSecond: PUBLISHED_PER_SECOND,
  });
  const paymentsPerSecond = Math.round((payments * 1_000) / drainedInMs);
  return {
    payments,
    rail,
    drainedInMs,
    paymentsPerSecond,
    rssMaxMb: Math.round(rssMaxMb),
    paidTwice,
    lost,
    contradicting,
    balanced,
  };
}

async function watchUntilDrained(world: DemoWorld, pid: number, payments: number): Promise<number> {
  const untilMs = performance.now() + PATIENCE_MS;
  let rssMaxMb = 0;
  while (world.events.outcomes.length < payments) {
    if (performance.now() > untilMs) throw new Error("the backlog was not drained in 15 minutes");
    rssMaxMb = Math.max(rssMaxMb, await rssMb(pid));
    await delay(SAMPLE_MS);
  }
  return rssMaxMb;
}

/** Linux only, like the sandbox. */
async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1_024;
}
