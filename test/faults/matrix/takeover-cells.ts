import { setTimeout as delay } from "node:timers/promises";
import { sql } from "slonik";
import { z } from "zod";
import type { Rail } from "../../../sandbox/service-settings.ts";
import { taskKey, type PublishedTask } from "../../../sandbox/traffic/ledger.ts";
import { paymentIdOf } from "../../../src/payment/ids.ts";
import type { CellSpec, Played } from "./cell-spec.ts";
import { operate } from "./operate.ts";
import type { Stage } from "./stage.ts";

const RAILS = ["arc", "circle"] as const;
const WITHIN_MS = 45_000;
const POLL_MS = 20;
/** What the service is set to in production, and what its takeover times are promised with. */
const AS_IN_PRODUCTION = { KAFKA_SESSION_TIMEOUT_MS: "6000" };

/** How long after a kill -9 the work goes on; what the design promises stands in the result. */
export function takeoverCells(): CellSpec[] {
  return RAILS.flatMap((rail) => [
    cell("another instance takes over", rail, playTakeover),
    cell("restarted with stored payments", rail, playRestart),
  ]);
}

function cell(what: string, rail: Rail, play: CellSpec["play"]): CellSpec {
  return {
    name: `${what}/${rail}`,
    kind: "takeover",
    rail,
    options: { settings: AS_IN_PRODUCTION },
    play,
  };
}

/** One instance holds everything; the other holds its partitions and waits for the leases. */
async function playTakeover(stage: Stage): Promise<Played> {
  const { fleet, traffic } = stage;
  const first = fleet.start("one");
  await first.service.ready;
  await traffic.mixed();
  await traffic.untilEnded([...traffic.ledger.tasks.keys()], WITHIN_MS);
  const second = fleet.start("two");
  await second.service.ready;
  await first.service.kill();
  const killedAtMs = Date.now();
  const tasks = await traffic.plain(16);
  await traffic.untilEnded(tasks.map(taskKey), WITHIN_MS);
  const leases = second.service.log.items.flatMap(({ msg, lease, time }) =>
    msg === "lease taken" ? [{ lease: String(lease), atMs: Date.parse(String(time)) }] : [],
  );
  const takenMs = (prefix: string) =>
    Math.max(...leases.filter(({ lease }) => lease.startsWith(prefix)).map(({ atMs }) => atMs)) -
    killedAtMs;
  const measured = {
    dispatchMs: takenMs(stage.rail),
    followMs: takenMs("follow"),
    relayMs: takenMs("relay"),
    partitionsMs: (await lastAcceptedMs(stage, tasks)) - killedAtMs,
  };
  return { endedAtMs: killedAtMs, measured };
}

/** Killed with payments that are stored and not sent; started again at once. */
async function playRestart(stage: Stage): Promise<Played> {
  const { fleet, traffic } = stage;
  const only = fleet.start("one");
  await only.service.ready;
  await traffic.mixed();
  await traffic.untilEnded([...traffic.ledger.tasks.keys()], WITHIN_MS);
  // To have stored payments, that only the next one sends.
  await operate(stage, "takeover", "pause");
  const tasks = await traffic.plain(12);
  await untilAccepted(stage, tasks);
  await operate(stage, "takeover", "resume");
  await only.service.kill();
  const restartedAtMs = Date.now();
  const keys = new Set(tasks.map(taskKey));
  const openAtKill = traffic.open().filter((key) => keys.has(key));
  await traffic.untilEnded(openAtKill, WITHIN_MS);
  return {
    endedAtMs: restartedAtMs,
    measured: {
      stored: openAtKill.length,
      storedPaymentsMs: traffic.lastOutcomeMs() - restartedAtMs,
    },
  };
}

const acceptedRow = z.object({ accepted: z.date(), count: z.bigint() });

async function acceptedOf({ cell }: Stage, tasks: readonly PublishedTask[]) {
  const ids = tasks.map(({ platformId, taskId }) => paymentIdOf(platformId, taskId));
  return cell.world.pool.one(sql.type(acceptedRow)`
    SELECT coalesce(max(accepted_at), 'epoch') AS accepted, count(*) AS count FROM payments
    WHERE id = ANY(${sql.array(ids, "uuid")})`);
}

async function lastAcceptedMs(stage: Stage, tasks: readonly PublishedTask[]): Promise<number> {
  return (await acceptedOf(stage, tasks)).accepted.getTime();
}

async function untilAccepted(stage: Stage, tasks: readonly PublishedTask[]): Promise<void> {
  const deadlineMs = Date.now() + WITHIN_MS;
  while (Number((await acceptedOf(stage, tasks)).count) < tasks.length) {
    if (Date.now() > deadlineMs) throw new Error("not accepted in time");
    await delay(POLL_MS);
  }
}
