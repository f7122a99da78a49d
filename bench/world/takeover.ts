import { setTimeout as delay } from "node:timers/promises";
import { taskKey } from "../../sandbox/traffic/ledger.ts";
import { readPayments } from "../measure/read-payments.ts";
import type { Audited, Measures, RunContext } from "../question.ts";
import { startInstances } from "./more-instances.ts";
import type { SandboxWorld } from "./start-sandbox-world.ts";
import { untilEnded } from "./until-ended.ts";

const RATE_PER_SECOND = 50;
const BEFORE_S = 8;
/** Longer than Kafka waits for a member that is gone (6 s), and what has piled up until then. */
const AFTER_S = 17;
const LATE_MS = 3_000;
const DRAIN_WITHIN_MS = 30_000;

/**
 * Kills the instance that holds every lease, in the middle of a steady load. Another one stands by, or the same is started
 * again at once.
 */
export async function measureTakeover(
  world: SandboxWorld,
  by: "another instance" | "a restart",
  { signal, isQuick }: RunContext,
): Promise<Audited> {
  const before = isQuick ? 3 : BEFORE_S;
  await using others = await startInstances(world, by === "another instance" ? 1 : 0);
  const count = RATE_PER_SECOND * (before + (isQuick ? 9 : AFTER_S));
  const published = world.traffic.publish(count, RATE_PER_SECOND, undefined, signal);
  await delay(before * 1_000, undefined, { signal });
  await world.killService();
  const killedAtMs = Date.now();
  let goesOnAtMs = killedAtMs;
  if (by === "a restart") {
    goesOnAtMs = Date.now();
    await world.restartService();
  }
  await published;
  await untilEnded(world, count, { withinMs: DRAIN_WITHIN_MS, signal });
  const measures = await recoveryMeasures(world, { killedAtMs, goesOnAtMs });
  return {
    measures: { ...measures, instances: others.all.length + 1 },
    audit: await world.audit(),
  };
}

async function recoveryMeasures(
  world: SandboxWorld,
  { killedAtMs, goesOnAtMs }: { readonly killedAtMs: number; readonly goesOnAtMs: number },
): Promise<Measures> {
  const arrivals = arrivalTimes(world);
  const stored: number[] = [];
  for (const payment of await readPayments(world.databaseUrl)) {
    const arrivedAtMs = arrivals.get(taskKey(payment));
    const isStored = payment.acceptedAt.getTime() < killedAtMs;
    if (isStored && arrivedAtMs !== undefined && payment.publishedAt.getTime() > killedAtMs) {
      stored.push(arrivedAtMs - goesOnAtMs);
    }
  }
  const fresh: number[] = [];
  const late: number[] = [];
  for (const [key, { occurredAtMs }] of world.ledger.tasks) {
    const arrivedAtMs = arrivals.get(key) ?? Number.NaN;
    if (occurredAtMs > killedAtMs) fresh.push(arrivedAtMs - killedAtMs);
    if (arrivedAtMs - occurredAtMs > LATE_MS) late.push(arrivedAtMs - killedAtMs);
  }
  return {
    storedAtKill: stored.length,
    // Where nothing was under way there is no first.
    ...(stored.length > 0 && {
      storedFirstMs: Math.min(...stored),
      storedLastMs: Math.max(...stored),
    }),
    newFirstMs: Math.min(...fresh),
    lateTasks: late.length,
    lateLastMs: Math.max(0, ...late),
  };
}

/** Of each task's first outcome. */
function arrivalTimes({ events }: SandboxWorld): Map<string, number> {
  const first = new Map<string, number>();
  for (const outcome of events.outcomes) {
    const key = taskKey(outcome);
    if (!first.has(key)) first.set(key, outcome.arrivedAtMs);
  }
  return first;
}
