import { quantile } from "../../sandbox/audit/quantile.ts";

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Of the rounds of one cell. The mean of the middle two where their number is even. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("there is no median of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1) };
}

/** The measures `NAMEP50Ms`, `NAMEP99Ms` and `NAMEMaxMs` of these durations; none of an empty list. */
export function durationMeasures(
  name: string,
  durationsMs: readonly number[],
): Record<string, number> {
  if (durationsMs.length === 0) return {};
  const sorted = durationsMs.toSorted((a, b) => a - b);
  return {
    [`${name}P50Ms`]: quantile(sorted, 0.5),
    [`${name}P99Ms`]: quantile(sorted, 0.99),
    [`${name}MaxMs`]: quantile(sorted, 1),
  };
}
