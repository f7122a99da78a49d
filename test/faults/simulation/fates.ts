import type { Fates, World } from "./world.ts";

/** The name of the process that operators' commands run in. */
export const CONSOLE = "console";

/** Refusals that Circle was seen to give, or documents. */
const REFUSALS = [
  { status: 429, code: 429 },
  { status: 500, code: 500 },
  { status: 400, code: 155_264 },
  { status: 400, code: 155_202 },
  { status: 409, code: 156_020 },
  { status: 400, code: 155_201 },
];

export function fatesOf(world: World): Fates {
  const { troubles, setting } = world;
  const isStruck = (probability: number) => {
    if (world.isCalm || !world.random.chance(probability * setting.storm)) return false;
    world.tally.faults += 1;
    return true;
  };
  return {
    ofCall({ what, isWrite }, from) {
      if (isAway(world, what)) return "lost";
      // An operator's command is waited for, so none of its answers is left lying.
      if (from.name === CONSOLE) return "answered";
      if (!isWrite) {
        if (isStruck(0.02)) return "lost";
        return isStruck(0.04) ? "parked" : "answered";
      }
      if (isStruck(0.05)) return told(world, what, "lost");
      if (isStruck(0.06)) return told(world, what, "answer_lost");
      if (isStruck(0.08)) return told(world, what, "answer_parked");
      return isStruck(0.15) ? told(world, what, "parked") : "answered";
    },
    ofDatabase() {
      if (troubles.databaseAway) return "refused";
      if (isStruck(0.01)) return told(world, "Postgres", "refused");
      return isStruck(0.01) ? told(world, "Postgres", "answer_lost") : "answered";
    },
    ofTransaction() {
      if (world.isCalm) return "mined";
      if (isStruck(0.05)) return "reverted";
      return world.random.chance(0.25) ? "left" : "mined";
    },
    circleRefusal: () => (isStruck(0.1) ? world.random.pick(REFUSALS) : undefined),
    throttles: () => isStruck(0.02),
    isPoolFull: () => isStruck(0.02),
    lagBlocks: () =>
      troubles.nodeLagBlocks > 0 && world.random.chance(0.5) ? troubles.nodeLagBlocks : 0,
  };
}

function told<T extends string>(world: World, what: string, fate: T): T {
  world.tell(`  ${what}: ${fate.replaceAll("_", " ")}`);
  return fate;
}

function isAway({ troubles }: World, what: string): boolean {
  if (what.startsWith("Circle")) return troubles.circleAway;
  if (/produce|offsets|log ends/.test(what)) return troubles.kafkaAway;
  return troubles.chainAway;
}
