import type { Sample } from "./read-exposition.ts";

/** Counts up to each bound, in order; the last bound is infinite. */
export type Buckets = readonly { readonly bound: number; readonly count: number }[];

/** The `_bucket` samples of one histogram, added up over their other labels. */
export function bucketsOf(samples: readonly Sample[]): Buckets {
  const counts = new Map<number, number>();
  for (const { labels, value } of samples) {
    const bound = labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels["le"]);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return [...counts]
    .map(([bound, count]) => ({ bound, count }))
    .sort((one, other) => one.bound - other.bound);
}

/** As Prometheus reckons it: even within a bucket, and at most the last finite bound. Null where nothing was observed. */
export function quantileOf(buckets: Buckets, quantile: number): number | null {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return null;
  const rank = quantile * total;
  let below = { bound: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank && bucket.count > below.count) {
      if (!Number.isFinite(bucket.bound)) return below.bound;
      const share = (rank - below.count) / (bucket.count - below.count);
      return below.bound + (bucket.bound - below.bound) * share;
    }
    below = bucket;
  }
  return below.bound;
}

/** The share at or under a value; of the bucket that the value cuts, none. Null where nothing was observed. */
export function shareWithin(buckets: Buckets, value: number): number | null {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return null;
  return (buckets.findLast(({ bound }) => bound <= value)?.count ?? 0) / total;
}
