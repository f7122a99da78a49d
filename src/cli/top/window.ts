import type { Seen } from "./count-on.ts";
import { mergeSamples, type Select } from "./merge-samples.ts";
import type { Sample } from "./read-exposition.ts";

/** What was counted in a stretch of time. */
export interface Window {
  readonly seconds: number;
  /** `start`: of the instances' whole lives, as long as they were looked at only once. */
  readonly since: "start" | "watching";
  readonly counted: Select;
}

const WINDOW_MS = 60_000;

interface Look {
  readonly atMs: number;
  readonly instances: readonly ReadonlyMap<string, Sample>[];
}

/** Keeps a minute of looks, and answers what each new one adds to the oldest of them. */
export function createWindow(): (seen: readonly Seen[], atMs: number) => Window {
  let looks: readonly Look[] = [];
  return (seen, atMs) => {
    const look = { atMs, instances: seen.map(({ grown }) => grown) };
    looks = [...looks.filter((old) => atMs - old.atMs <= WINDOW_MS), look];
    const [oldest] = looks;
    if (!oldest || oldest === look) return wholeLives(seen, atMs);
    const before = mergeSamples(oldest.instances.map((grown) => grown.values()));
    const now = mergeSamples(look.instances.map((grown) => grown.values()));
    const counted: Select = (name, labels) => {
      const known = new Map(before(name, labels).map(({ key, value }) => [key, value]));
      return now(name, labels).map((sample) => ({
        ...sample,
        value: sample.value - (known.get(sample.key) ?? 0),
      }));
    };
    return { seconds: (atMs - oldest.atMs) / 1_000, since: "watching", counted };
  };
}

function wholeLives(seen: readonly Seen[], atMs: number): Window {
  const ages = seen.map(({ startedAt }) => atMs / 1_000 - startedAt);
  const counted = mergeSamples(seen.map(({ samples }) => samples));
  return { seconds: Math.max(1, ...ages), since: "start", counted };
}
