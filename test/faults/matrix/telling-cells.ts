import { setTimeout as delay } from "node:timers/promises";
import { taskKey } from "../../../sandbox/traffic/ledger.ts";
import type { Rail } from "../../../sandbox/service-settings.ts";
import type { Failpoint } from "../../../src/failpoint.ts";
import type { CellSpec, Played } from "./cell-spec.ts";
import { ACTIONS, inTurn, type Action } from "./failpoint-cells.ts";
import type { Instance } from "./fleet.ts";
import type { TellingPlace } from "./places.ts";
import { openReceivers, RECEIVER_SETTINGS, type Receivers } from "./receivers.ts";
import { compareLiveEvents, readNumbering } from "./replay-live-events.ts";
import type { Stage } from "./stage.ts";

const RAILS: readonly Rail[] = ["arc", "circle"];
/** A lease of the sender's, and ten seconds for a transaction whose process is frozen, lie in it. */
const TOLD_WITHIN_MS = 60_000;
const POLL_MS = 50;

const PLACES: readonly TellingPlace[] = [
  "webhooks.read",
  "webhooks.fanned_out",
  "webhooks.claimed",
  "webhooks.answered",
  "webhooks.recorded",
  "live.before_commit",
  "live.numbered",
];

/** Places at which outcomes come to be, with somebody to be told of them. */
const DECIDING: readonly Failpoint[] = [
  "accept.before_commit",
  "accept.committed",
  "settle.before_commit",
  "settle.committed",
];

/**
 * What is told of outcomes beside Kafka: webhooks and live events. After the cell each endpoint has had every outcome of
 * its platform, and a client that was away is told all of them once and in order.
 */
export function tellingCells(): CellSpec[] {
  return [
    ...PLACES.flatMap((name, index) =>
      ACTIONS.map((action, turn) => ({
        name,
        action,
        rail: inTurn(RAILS, index + turn),
        more: "",
      })),
    ),
    ...DECIDING.map((name, index) => ({
      name,
      action: "kill" as const,
      rail: inTurn(RAILS, index),
      more: ", with receivers",
    })),
  ].map(({ name, action, rail, more }) => ({
    name: `${name}/${action}${more}/${rail}`,
    kind: "failpoint",
    rail,
    options: { settings: RECEIVER_SETTINGS },
    play: (stage) => playTelling(stage, name, action),
  }));
}

async function playTelling(stage: Stage, name: Failpoint, action: Action): Promise<Played> {
  const { fleet, traffic } = stage;
  const receivers = await openReceivers(stage);
  const instance = fleet.start("one", { plan: [{ name, action }] });
  await traffic.mixed();
  const act = await fleet.acts.next(`the act at ${name}`, (each) => each.action === action);
  if (action === "stop") await takeOver(stage, instance, receivers);
  const endedAtMs = action === "stop" ? Date.now() : act.atMs;
  await traffic.plain(6);
  return { endedAtMs, audit: () => auditTelling(stage, receivers) };
}

/** Another instance tells what the frozen one had begun to tell, and more; then the zombie wakes. */
async function takeOver(stage: Stage, frozen: Instance, receivers: Receivers): Promise<void> {
  const { fleet, traffic } = stage;
  fleet.start("two");
  const more = await traffic.plain(4);
  await traffic.untilEnded([...traffic.open(), ...more.map(taskKey)], TOLD_WITHIN_MS);
  await untilAllTold(stage, receivers);
  frozen.resume();
}

async function auditTelling(stage: Stage, receivers: Receivers): Promise<void> {
  await untilAllTold(stage, receivers);
  const { events } = stage.traffic;
  await events.catchUp(TOLD_WITHIN_MS);
  receivers.compare(events.outcomes);
  await compareLiveEvents(stage, events.outcomes);
}

async function untilAllTold(stage: Stage, receivers: Receivers): Promise<void> {
  await receivers.untilTold(TOLD_WITHIN_MS);
  const deadlineMs = Date.now() + TOLD_WITHIN_MS;
  while ((await readNumbering(stage)).unnumbered > 0n) {
    if (Date.now() > deadlineMs) throw new Error("outcomes have no number");
    await delay(POLL_MS);
  }
}
