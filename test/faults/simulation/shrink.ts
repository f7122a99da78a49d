import type { Plan } from "./plan.ts";

const RUNS_MAX = 150;

/**
 * Leaves out steps for as long as the schedule still breaks the same promise: delta debugging. What a step does depends on
 * the seed, its number and the world that it meets, so the others go on almost as before. Bounded, so not always minimal.
 */
export async function shrink(
  plan: Plan,
  stillBreaks: (candidate: Plan) => Promise<boolean>,
  runsMax = RUNS_MAX,
): Promise<Plan> {
  let best = plan;
  let runs = 0;
  for (let parts = 2; best.steps.length > 1 && runs < runsMax;) {
    const size = Math.ceil(best.steps.length / parts);
    let found: Plan | undefined;
    for (let from = 0; from < best.steps.length && !found && runs < runsMax; from += size) {
      const candidate = { ...best, steps: best.steps.toSpliced(from, size) };
      runs += 1;
      if (await stillBreaks(candidate)) found = candidate;
    }
    if (found) {
      best = found;
      parts = Math.max(parts - 1, 2);
    } else if (size === 1) {
      break;
    } else {
      parts = Math.min(parts * 2, best.steps.length);
    }
  }
  return best;
}

/** The promise that a violation is about. */
export function kindOf(violation: string): string {
  return violation.split(":")[0] ?? violation;
}
