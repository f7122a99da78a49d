import { taskKey } from "../../../sandbox/traffic/ledger.ts";
import type { Rail } from "../../../sandbox/service-settings.ts";
import type { Failpoint } from "../../../src/failpoint.ts";
import type { PlanStep } from "../failpoint-plan.ts";
import type { CellSpec, Played } from "./cell-spec.ts";
import type { Act, Instance } from "./fleet.ts";
import { PLACES, type Place } from "./places.ts";
import type { Stage } from "./stage.ts";

/** Both rails are met by neighbours, and by the pairs. */
export function inTurn(rails: readonly Rail[], turn: number): Rail {
  const rail = rails[turn % rails.length];
  if (rail === undefined) throw new TypeError("no rail comes there");
  return rail;
}

export const ACTIONS = ["kill", "stop", "throw"] as const;
export type Action = PlanStep["action"];

/** A frozen instance's work must be another's, and done, in this time. */
const TAKEN_OVER_WITHIN_MS = 45_000;

/** Every place of the service, with every action; on one rail and the other in turn where both come there. */
export function failpointCells(): CellSpec[] {
  return Object.entries(PLACES).flatMap(([name, place], index) =>
    ACTIONS.map((action, turn) =>
      failpointCell(name as Failpoint, place, action, inTurn(place.rails, index + turn)),
    ),
  );
}

function failpointCell(name: Failpoint, place: Place, action: Action, rail: Rail): CellSpec {
  return {
    name: `${name}/${action}/${rail}`,
    kind: "failpoint",
    rail,
    play: (stage) => playFailpoint(stage, name, place, action),
  };
}

async function playFailpoint(
  stage: Stage,
  name: Failpoint,
  place: Place,
  action: Action,
): Promise<Played> {
  const { fleet, traffic } = stage;
  const { hit = 1, afterMs = 0 } = place;
  const instance = fleet.start("one", { plan: [{ name, action, hit, afterMs }] });
  const undo = await place.bring(stage, instance);
  let act: Act;
  try {
    act = await fleet.acts.next(`the act at ${name}`, (each) => each.action === action);
  } finally {
    await undo();
  }
  const measured = await endActed(stage, instance, action);
  const endedAtMs = action === "stop" ? Date.now() : act.atMs;
  await traffic.plain(6);
  return { endedAtMs, ...measured };
}

/** A killed instance is started again by its supervisor, and an error is over; a frozen one is awaited by another. */
export async function endActed(
  stage: Stage,
  instance: Instance,
  action: Action,
): Promise<Pick<Played, "measured">> {
  if (action !== "stop") return {};
  return { measured: { takenOverMs: await takeOver(stage, instance) } };
}

/** Another instance does the frozen one's work and more; then the zombie wakes. Answers what the other needed. */
async function takeOver({ fleet, traffic }: Stage, frozen: Instance): Promise<number> {
  const frozenAtMs = Date.now();
  fleet.start("two");
  const more = await traffic.plain(4);
  const owed = [...traffic.open(), ...more.map(taskKey)];
  await traffic.untilEnded(owed, TAKEN_OVER_WITHIN_MS);
  const takenOverMs = traffic.lastOutcomeMs() - frozenAtMs;
  frozen.resume();
  return takenOverMs;
}
