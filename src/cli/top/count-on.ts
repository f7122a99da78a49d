import type { Sample } from "./read-exposition.ts";

/** What one instance has been seen to say. */
export interface Seen {
  /** When its process started, in seconds since 1970. */
  readonly startedAt: number;
  /** Its latest answer. */
  readonly samples: readonly Sample[];
  /** What its counts have grown by since it was first seen, over its restarts. */
  readonly grown: ReadonlyMap<string, Sample>;
}

const STARTED = "process_start_time_seconds";

/** Counts on from what was seen before. A count that appears later has grown from 0; those of a new process all have. */
export function countOn(before: Seen | undefined, samples: readonly Sample[]): Seen {
  const startedAt = samples.find(({ name }) => name === STARTED)?.value ?? 0;
  const isSameProcess = before?.startedAt === startedAt;
  const known = new Map(before?.samples.map(({ key, value }) => [key, value]));
  const grown = new Map(before?.grown);
  for (const sample of samples) {
    if (sample.isGauge) continue;
    const from = isSameProcess ? (known.get(sample.key) ?? 0) : 0;
    const growth = before ? Math.max(0, sample.value - from) : 0;
    grown.set(sample.key, { ...sample, value: (grown.get(sample.key)?.value ?? 0) + growth });
  }
  return { startedAt, samples, grown };
}
