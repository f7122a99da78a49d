import type { RailName } from "../../../src/payment/events.ts";
import type { ChainBreak } from "./chain-model.ts";
import { randomFrom } from "./random.ts";

/** A schedule: everything that happens in it follows from this. */
export interface Plan {
  readonly seed: number;
  /** Which of the seed's steps are taken; fewer after shrinking. */
  readonly steps: readonly number[];
  readonly breaks: ReadonlySet<ChainBreak>;
}

/** What a seed decides before the first step. */
export interface Setting {
  readonly rail: RailName;
  readonly tasks: number;
  readonly instancesMax: number;
  readonly batchMax: number;
  /** Multiplies the chance of every fault: some schedules are stormy, some nearly calm. */
  readonly storm: number;
}

/** Long enough for several faults to meet; what they need beyond these comes in the time to recover. */
const STEPS_MIN = 18;
const STEPS_SPREAD = 30;

export function planOf(seed: number, breaks: ReadonlySet<ChainBreak> = new Set()): Plan {
  const random = randomFrom(`length ${seed}`);
  const count = STEPS_MIN + random.below(STEPS_SPREAD);
  return { seed, steps: Array.from({ length: count }, (_, step) => step), breaks };
}

export function settingOf(seed: number): Setting {
  const random = randomFrom(`setting ${seed}`);
  return {
    rail: random.chance(0.5) ? "arc" : "circle",
    tasks: 2 + random.below(5),
    instancesMax: 2 + random.below(2),
    batchMax: 1 + random.below(4),
    storm: random.pick([0.3, 1, 1, 2]),
  };
}
