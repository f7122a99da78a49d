import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { z } from "zod";
import { measureLatency } from "../../sandbox/audit/latency.ts";
import type { PublishedTask } from "../../sandbox/traffic/ledger.ts";
import { openLoop } from "../../sandbox/traffic/open-loop.ts";
import { peakRssMb } from "../measure/processes.ts";
import type { Audited, RunContext } from "../question.ts";
import { openApi, type ApiAccess } from "./api-access.ts";
import type { SandboxWorld } from "./start-sandbox-world.ts";
import { untilEnded } from "./until-ended.ts";

const GREEDY = "platform-1";
const RATE_PER_SECOND = 50;
const WARM_UP_TASKS = 100;
const WARM_UP_WITHIN_MS = 20_000;
/** One send of the platform's producer. */
const SEND_TASKS = 1_000;
const ACCEPT_WITHIN_MS = 90_000;
const DRAIN_WITHIN_MS = 150_000;
/** What the others publish behind it waits no longer than a payment does. */
const END_WITHIN_MS = 30_000;
/** For so long the others go on beside the backlog; then it is only seen to its end, and all of it audited. */
const LIVE_MS = 60_000;
const POLL_MS = 200;

export interface Neighbours {
  readonly backlog: number;
  readonly waitsIn: "Kafka" | "Postgres";
}

/** One platform's backlog, and the times of the others' tasks in its first minute, or for as long as it lasts. */
export async function measureNeighbours(
  world: SandboxWorld,
  { backlog, waitsIn }: Neighbours,
  { signal }: RunContext,
): Promise<Audited> {
  await world.traffic.publish(WARM_UP_TASKS, RATE_PER_SECOND, undefined, signal);
  await untilEnded(world, WARM_UP_TASKS, { withinMs: WARM_UP_WITHIN_MS, signal });
  const warmEnded = endedOf(world, GREEDY);
  if (waitsIn === "Postgres") await storeBacklog(world, backlog, signal);
  const beginsAtMs = Date.now();
  const over = new AbortController();
  const others = liveTraffic(world, AbortSignal.any([signal, over.signal]));
  const acceptedInMs = waitsIn === "Kafka" ? await storeTasks(world, backlog, signal) : undefined;
  const untilMs = beginsAtMs + DRAIN_WITHIN_MS;
  while (endedOf(world, GREEDY) - warmEnded < backlog && Date.now() < untilMs) {
    await delay(POLL_MS, undefined, { signal });
  }
  const endedAtMs = Date.now();
  over.abort();
  await others;
  await untilEnded(world, world.ledger.tasks.size, { withinMs: END_WITHIN_MS, signal });
  const isNeighbour = ({ platformId, occurredAtMs }: PublishedTask) =>
    platformId !== GREEDY && occurredAtMs >= beginsAtMs && occurredAtMs <= endedAtMs;
  const { tasks } = world.ledger;
  const { latencyMs, measured } = measureLatency(tasks, world.events.outcomes, isNeighbour);
  return {
    measures: {
      othersTasks: measured,
      othersP50Ms: latencyMs.p50,
      othersP99Ms: latencyMs.p99,
      othersMaxMs: latencyMs.max,
      ...(acceptedInMs !== undefined && { acceptedPerSecond: (backlog * 1_000) / acceptedInMs }),
      backlogPerSecond: (backlog * 1_000) / (endedAtMs - beginsAtMs),
      serviceRssMaxMb: await peakRssMb(world.pids.service),
    },
    audit: await world.audit(),
  };
}

function endedOf({ events }: SandboxWorld, platformId: string): number {
  return events.outcomes.filter((outcome) => outcome.platformId === platformId).length;
}

/** The platform's, as its directory has it: number 1 pays from the first wallet. */
function ofPlatform(world: SandboxWorld, number: number, atMs: number): PublishedTask {
  const payer = (world.payers[number - 1] ?? "").toLowerCase();
  return { ...world.traffic.newTask(atMs), platformId: `platform-${number}`, payer };
}

/** As fast as a producer sends. */
async function pour(world: SandboxWorld, backlog: number, signal: AbortSignal): Promise<void> {
  for (let left = backlog; left > 0; left -= SEND_TASKS) {
    signal.throwIfAborted();
    const tasks = Array.from({ length: Math.min(left, SEND_TASKS) }, () =>
      ofPlatform(world, 1, Date.now()),
    );
    await world.traffic.publishThese(tasks);
  }
}

/** Publishes so many of the platform's, and answers how long it took until all were accepted. */
async function storeTasks(
  world: SandboxWorld,
  backlog: number,
  signal: AbortSignal,
): Promise<number> {
  const fromMs = performance.now();
  await pour(world, backlog, signal);
  await untilAccepted(world, world.ledger.tasks.size, signal);
  return performance.now() - fromMs;
}

/** Has the backlog accepted while the platform is paused, and then lets it go. */
async function storeBacklog(
  world: SandboxWorld,
  backlog: number,
  signal: AbortSignal,
): Promise<void> {
  const access = await openApi(world, "operate");
  await order(access, "pause");
  await storeTasks(world, backlog, signal);
  await order(access, "resume");
}

/** The other platforms, in turn, at an even rate. */
async function liveTraffic(world: SandboxWorld, signal: AbortSignal): Promise<void> {
  const others = world.payers.length - 1;
  let turn = 0;
  const publish = (due: readonly number[]) => {
    const tasks = due.map((atMs) => {
      turn += 1;
      return ofPlatform(world, 2 + (turn % others), atMs);
    });
    return world.traffic.publishThese(tasks);
  };
  const count = (RATE_PER_SECOND * LIVE_MS) / 1_000;
  await openLoop(count, RATE_PER_SECOND, publish, signal);
}

async function order({ url, headers }: ApiAccess, what: "pause" | "resume"): Promise<void> {
  const answer = await fetch(`${url}/v1/platforms/${GREEDY}/${what}`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ reason: "a backlog is measured" }),
  });
  if (!answer.ok) throw new Error(`${what} answered ${answer.status}: ${await answer.text()}`);
}

/** Until so many records of the topic are stored: by the offsets, because counting payments would take a tenth of Postgres. */
async function untilAccepted(
  { databaseUrl }: Pick<SandboxWorld, "databaseUrl">,
  records: number,
  signal: AbortSignal,
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const untilMs = Date.now() + ACCEPT_WITHIN_MS;
    while (Date.now() < untilMs) {
      const { rows } = await client.query(
        "SELECT coalesce(sum(next_offset), 0)::int AS accepted FROM kafka_offsets",
      );
      const [{ accepted }] = z.tuple([z.object({ accepted: z.int() })]).parse(rows);
      if (accepted >= records) return;
      await delay(POLL_MS, undefined, { signal });
    }
    throw new Error(`the backlog was not accepted within ${ACCEPT_WITHIN_MS} ms`);
  } finally {
    await client.end();
  }
}
