import type { Rail } from "../../../sandbox/service-settings.ts";
import type { Fault } from "../fault.ts";
import { allFaults } from "../faults/all-faults.ts";
import type { CellSpec, Played } from "./cell-spec.ts";
import { ACTIONS, endActed, type Action } from "./failpoint-cells.ts";
import { looksRestored, untilStruck } from "./fault-cells.ts";
import { PLACES, type Place, type ServicePlace } from "./places.ts";
import { coverPairs } from "./plan-pairs.ts";
import type { Stage } from "./stage.ts";

/** Part of the result: the plan follows from it. */
export const PAIR_SEED = 20_261_102;

interface Pair {
  readonly name: ServicePlace;
  readonly place: Place;
  readonly action: Action;
  readonly fault: Fault;
  readonly rail: Rail;
}

/**
 * A place and a fault in one cell: every place meets the faults of every part, and places and faults meet every rail on
 * which they occur.
 */
export function pairCells(): CellSpec[] {
  const all = combinations().map((pair) => ({
    value: pair,
    pairs: isPossible(pair)
      ? [
          `${pair.name} × ${pair.fault.part}`,
          `${pair.name} × ${pair.rail}`,
          `${pair.fault.name} × ${pair.rail}`,
          `${pair.fault.part} × ${pair.action}`,
        ]
      : [],
  }));
  return coverPairs(all, PAIR_SEED).map((pair) => ({
    name: `${pair.name}/${pair.action} × ${pair.fault.name}/${pair.rail}`,
    kind: "pair",
    rail: pair.rail,
    needsOperator: looksRestored(pair.fault),
    play: (stage) => playPair(stage, pair),
  }));
}

/** What needs its part to bring it to its place cannot have that part at fault as well. */
function combinations(): Pair[] {
  return Object.entries(PLACES).flatMap(([name, place]) =>
    allFaults
      .filter(({ part }) => part !== place.brings)
      .flatMap((fault) =>
        place.rails
          .filter((rail) => fault.rails.includes(rail))
          .flatMap((rail) =>
            ACTIONS.map((action) => ({ name: name as ServicePlace, place, action, fault, rail })),
          ),
      ),
  );
}

function isPossible({ place, rail, fault }: Pair): boolean {
  return rail !== "circle" || place.bringsOnCircle !== fault.part;
}

async function playPair(stage: Stage, { name, place, action, fault }: Pair): Promise<Played> {
  const { fleet, traffic, cell } = stage;
  const { hit = 1, afterMs = 0 } = place;
  const started = await fault.start(cell);
  const instance = fleet.start("one", { plan: [{ name, action, hit, afterMs }] });
  const undo = await place.bring(stage, instance);
  try {
    await fleet.acts.next(`the act at ${name}`, (act) => act.action === action);
  } finally {
    await undo();
  }
  const measured = await endActed(stage, instance, action);
  await traffic.plain(4);
  await untilStruck(stage, fault, started);
  const endedAtMs = Date.now();
  await traffic.plain(4);
  return { endedAtMs, ...measured };
}
