import { spreadOf, type Spread } from "../measure/spread.ts";
import type { MeasuredRound, RoundResult } from "./result-file.ts";

/** The rounds that count: those that nobody disturbed, or all that were measured where there is no such. */
export function roundsThatCount(rounds: readonly RoundResult[]): readonly MeasuredRound[] {
  const measured = rounds.filter((round) => round.outcome === "measured");
  const undisturbed = measured.filter(({ isDisturbed }) => !isDisturbed);
  return undisturbed.length > 0 ? undisturbed : measured;
}

/** Median, least and most of each measure over the rounds of a cell. */
export function sumUp(rounds: readonly RoundResult[]): Record<string, Spread> {
  const values = new Map<string, number[]>();
  for (const { measures } of roundsThatCount(rounds)) {
    for (const [name, value] of Object.entries(measures)) {
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, spreadOf(all)]));
}
