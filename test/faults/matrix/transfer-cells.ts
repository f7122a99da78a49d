import { circleControl } from "../../../sandbox/circle/control-client.ts";
import type { Failpoint } from "../../../src/failpoint.ts";
import { allFaults } from "../faults/all-faults.ts";
import type { Fault } from "../fault.ts";
import type { CellSpec, Played } from "./cell-spec.ts";
import { ACTIONS, endActed, type Action } from "./failpoint-cells.ts";
import { untilStruck } from "./fault-cells.ts";
import type { Act } from "./fleet.ts";
import type { Stage } from "./stage.ts";

/** A deployment that pays by Circle's own transfers. */
const OPTIONS = { method: "transfer" } as const;
const RAIL = "circle";
const NAMES = ["one", "two"];

type TransferPlace = Extract<Failpoint, `transfer.${string}`>;

/** Whether Circle has to end a transfer as unpaid for a service to come there. */
const PLACES: Readonly<Record<TransferPlace, { readonly needsEnd: boolean }>> = {
  "transfer.permitted": { needsEnd: false },
  "transfer.post_noted": { needsEnd: false },
  "transfer.end_recorded": { needsEnd: true },
  "transfer.before_settle": { needsEnd: false },
  "transfer.before_commit": { needsEnd: false },
  "transfer.settled": { needsEnd: false },
};

/** What this mode answers with an outcome; `NOT_PROMISED` says the rest. */
const CIRCLE_FAULTS = [
  "circle: answer lost after paying",
  "circle: connection reset before paying",
  "circle: executed a minute late",
  "circle: request arrives a minute late",
  "circle: 429 with body",
  "circle: 429 without body",
  "circle: 5xx in HTML before paying",
  "circle: 5xx in HTML after paying",
  "circle: hung before paying",
  "circle: hung after paying",
  "circle: 155264, too many pending",
  "circle: 156020, a new key wanted",
  "circle: FAILED",
  "circle: DENIED",
  "circle: STUCK",
  "circle: a state nobody knows",
  "circle: 429 on reads",
  "circle: 5xx in HTML on reads",
  "circle: reads lag",
  "circle: webhooks duplicated",
  "circle: webhooks reordered",
  "circle: webhooks forged",
  "circle: webhooks never sent",
];
const OTHER_FAULTS = ["postgres: answer to COMMIT lost", "kafka: broker restarted"];

/**
 * Plain transfers under faults. Their traffic is payments that can be made: one whose POST was not answered and whose tries all
 * end unpaid stays in review by design.
 */
export function transferCells(): CellSpec[] {
  return [
    ...Object.entries(PLACES).flatMap(([name, { needsEnd }]) =>
      ACTIONS.map((action) =>
        cell(`${name}/${action}`, "failpoint", (stage) =>
          playPlace(stage, { name: name as TransferPlace, action, needsEnd }),
        ),
      ),
    ),
    ...[...CIRCLE_FAULTS, ...OTHER_FAULTS].map((name) =>
      cell(name, "fault", (stage) => playFault(stage, faultNamed(name))),
    ),
    cell("2 instances at once", "instances", playInstances),
  ];
}

function cell(what: string, kind: CellSpec["kind"], play: CellSpec["play"]): CellSpec {
  return { name: `${what}/transfer`, kind, rail: RAIL, options: OPTIONS, play };
}

function faultNamed(name: string): Fault {
  const fault = allFaults.find((each) => each.name === name);
  if (!fault) throw new TypeError(`no fault is called ${name}`);
  return fault;
}

async function traffic({ traffic }: Stage): Promise<void> {
  await traffic.plain(8);
  await traffic.plain(2, { currency: "EURC" });
}

async function playPlace(
  stage: Stage,
  { name, action, needsEnd }: { name: TransferPlace; action: Action; needsEnd: boolean },
): Promise<Played> {
  const { fleet, cell } = stage;
  const control = circleControl(cell.world.parts.circle.controlUrl);
  if (needsEnd) {
    const match = { method: "POST", path: "/transactions/transfer" };
    await control.inject({ kind: "forceState", state: "FAILED", executed: false, match });
  }
  const instance = fleet.start("one", { plan: [{ name, action, hit: 1, afterMs: 0 }] });
  await traffic(stage);
  let act: Act;
  try {
    act = await fleet.acts.next(`the act at ${name}`, (each) => each.action === action);
  } finally {
    await control.clearFaults();
  }
  const measured = await endActed(stage, instance, action);
  const endedAtMs = action === "stop" ? Date.now() : act.atMs;
  await stage.traffic.plain(4);
  return { endedAtMs, ...measured };
}

async function playFault(stage: Stage, fault: Fault): Promise<Played> {
  await stage.fleet.start("one").service.ready;
  const started = await fault.start(stage.cell);
  await traffic(stage);
  await untilStruck(stage, fault, started);
  const endedAtMs = Date.now();
  await stage.traffic.plain(4);
  return { endedAtMs };
}

async function playInstances(stage: Stage): Promise<Played> {
  const instances = NAMES.map((name) => stage.fleet.start(name));
  await Promise.all(instances.map(({ service }) => service.ready));
  await traffic(stage);
  await Promise.all([stage.traffic.again(), stage.traffic.plain(4)]);
  await instances[0]?.service.kill();
  const endedAtMs = Date.now();
  await stage.traffic.plain(4);
  await stage.traffic.again();
  return { endedAtMs };
}

/** Cells of PayOnce that have none here, and why: what docs/decisions/0008-plain-transfers.md says of this mode. */
export const NOT_PROMISED: readonly { readonly fault: string; readonly instead: string }[] = [
  {
    fault: "circle: executed twice",
    instead:
      "paid twice; `review` and an alarm if Circle names both transactions, else `gigpay verify` and the auditor find it",
  },
  { fault: "circle: key forgotten", instead: "paid twice" },
  {
    fault: "circle: FAILED although it executes",
    instead:
      "the next try pays again; after the last one `payment.failed` of something paid. `gigpay verify` finds it",
  },
  {
    fault: "circle: DENIED although it executes",
    instead:
      "the next try pays again; after the last one `payment.failed` of something paid. `gigpay verify` finds it",
  },
  {
    fault: "postgres: any backup restored",
    instead:
      "every payment known before it and not finished is `review`; paid if its transfer is found by its id, else a person decides",
  },
];
