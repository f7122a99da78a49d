import type { Rail } from "../../../sandbox/service-settings.ts";
import type { Fault } from "../fault.ts";
import { allFaults } from "../faults/all-faults.ts";
import { webhookFaults } from "../faults/webhook-faults.ts";
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
  const covered = new Set<string>();
  // Faults that came later are planned later: the cells of the others, and what was played of them, stay as they were.
  const others = allFaults.filter((fault) => !webhookFaults.includes(fault));
  const planned = [others, webhookFaults].flatMap((faults) => {
    const all = combinations(faults).map((pair) => ({
      value: pair,
      pairs: pairsOf(pair).filter((each) => !covered.has(each)),
    }));
    const chosen = coverPairs(all, PAIR_SEED);
    for (const each of chosen.flatMap(pairsOf)) covered.add(each);
    return chosen;
  });
  return planned.map((pair) => ({
    name: `${pair.name}/${pair.action} × ${pair.fault.name}/${pair.rail}`,
    kind: "pair",
    rail: pair.rail,
    needsOperator: looksRestored(pair.fault),
    play: (stage) => playPair(stage, pair),
  }));
}

function pairsOf(pair: Pair): readonly string[] {
  if (!isPossible(pair)) return [];
  return [
    `${pair.name} × ${pair.fault.part}`,
    `${pair.name} × ${pair.rail}`,
    `${pair.fault.name} × ${pair.rail}`,
    `${pair.fault.part} × ${pair.action}`,
  ];
}

/** What needs its part to bring it to its place cannot have that part at fault as well. */
function combinations(faults: readonly Fault[]): Pair[] {
  return Object.entries(PLACES).flatMap(([name, place]) =>
    faults
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
