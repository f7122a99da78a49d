import { setTimeout as delay } from "node:timers/promises";
import { measureLatency } from "../../sandbox/audit/latency.ts";
import type { PublishedTask } from "../../sandbox/traffic/ledger.ts";
import { peakRssMb, rssMb } from "../measure/processes.ts";
import { spreadOf } from "../measure/spread.ts";
import type { Audited, RunContext } from "../question.ts";
import type { BenchWorld } from "./bench-world.ts";
import { untilEnded } from "./until-ended.ts";

export interface Soak {
  readonly ratePerSecond: number;
  readonly warmUpMs: number;
  /** How long the first and the last part are, which are compared. */
  readonly partMs: number;
  /** Of the load, warm-up included. */
  readonly wholeMs: number;
}

interface Look {
  readonly atMs: number;
  readonly rssMb: number;
  /** Tasks that were published and have no outcome yet, whichever queue they are in. */
  readonly waiting: number;
}

/** No multiple of a block's half second: each look would see the same moment between two blocks, and the part's most would be that moment's. */
const LOOK_EVERY_MS = 4_700;
const QUICK_LOOK_EVERY_MS = 500;
const DRAIN_WITHIN_MS = 60_000;

/** A steady load, and how its last part differs from its first. */
export async function measureSoak(
  world: BenchWorld,
  { ratePerSecond, warmUpMs, partMs, wholeMs }: Soak,
  { signal, isQuick }: RunContext,
): Promise<Audited> {
  const beganAtMs = Date.now();
  const count = Math.round((ratePerSecond * wholeMs) / 1_000);
  const over = new AbortController();
  const looking = lookOften(
    world,
    isQuick ? QUICK_LOOK_EVERY_MS : LOOK_EVERY_MS,
    AbortSignal.any([signal, over.signal]),
  );
  await world.traffic.publish(count, ratePerSecond, undefined, signal);
  const loadEndedAtMs = Date.now();
  over.abort();
  const looks = await looking;
  await untilEnded(world, count, { withinMs: DRAIN_WITHIN_MS, signal });
  const first = { from: beganAtMs + warmUpMs, to: beganAtMs + warmUpMs + partMs };
  const last = { from: loadEndedAtMs - partMs, to: loadEndedAtMs };
  const latencyIn = ({ from, to }: typeof first) =>
    measureLatency(
      world.ledger.tasks,
      world.events.outcomes,
      ({ occurredAtMs: at }: PublishedTask) => at >= from && at < to,
    ).latencyMs.p99;
  const [one, other] = [partOf(looks, first), partOf(looks, last)];
  const [p99FirstMs, p99LastMs] = [latencyIn(first), latencyIn(last)];
  const whole = measureLatency(
    world.ledger.tasks,
    world.events.outcomes,
    ({ occurredAtMs }) => occurredAtMs >= first.from,
  );
  return {
    measures: {
      payments: count,
      p99FirstMs,
      p99LastMs,
      p99Ratio: p99LastMs / p99FirstMs,
      rssFirstMb: one.rssMb,
      rssLastMb: other.rssMb,
      rssRatio: other.rssMb / one.rssMb,
      waitingFirst: one.waiting,
      waitingLast: other.waiting,
      waitingRatio: other.waiting / one.waiting,
      overThreeSeconds: whole.overThreeSeconds,
      endToEndMaxMs: whole.latencyMs.max,
      serviceRssMaxMb: await peakRssMb(world.pids.service),
    },
    audit: await world.audit(),
  };
}

function partOf(looks: readonly Look[], { from, to }: { from: number; to: number }) {
  const inside = looks.filter(({ atMs }) => atMs >= from && atMs < to);
  return {
    rssMb: spreadOf(inside.map((look) => look.rssMb)).median,
    waiting: Math.max(...inside.map(({ waiting }) => waiting)),
  };
}

async function lookOften(
  world: BenchWorld,
  everyMs: number,
  signal: AbortSignal,
): Promise<readonly Look[]> {
  const looks: Look[] = [];
  while (!signal.aborted) {
    const waiting = world.ledger.tasks.size - world.events.outcomes.length;
    looks.push({ atMs: Date.now(), rssMb: await rssMb(world.pids.service), waiting });
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
  return looks;
}
