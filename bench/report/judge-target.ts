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
  const medianOf = (label: string) =>
    file?.cells.find((cell) => cell.label === label)?.measures[target.measure]?.median;
  const median = medianOf(target.cell);
  const unit = target.timesOf === undefined ? 1 : medianOf(target.timesOf);
  const isMeasured = median !== undefined && unit !== undefined;
  return { target, median, isMet: isMeasured && holds(median, target, target.value * unit) };
}

function holds(value: number, { comparison }: Target, limit: number): boolean {
  switch (comparison) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">=":
      return value >= limit;
  }
}
