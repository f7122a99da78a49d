import type { Target } from "../question.ts";
import type { ResultFile } from "../run/result-file.ts";

export interface Judgement {
  readonly target: Target;
  /** The median over the rounds; undefined while it is not measured. */
  readonly median: number | undefined;
  readonly isMet: boolean;
}

/** A target is met by the median of the rounds. What is not measured is not met. */
export function judgeTarget(
  target: Target,
  file: Pick<ResultFile, "cells"> | undefined,
): Judgement {
  const cell = file?.cells.find(({ label }) => label === target.cell);
  const median = cell?.measures[target.measure]?.median;
  return { target, median, isMet: median !== undefined && holds(median, target) };
}

function holds(value: number, { comparison, value: limit }: Target): boolean {
  switch (comparison) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">=":
      return value >= limit;
  }
}
