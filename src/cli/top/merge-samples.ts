import type { Sample } from "./read-exposition.ts";

/** The samples of one name that carry these labels. */
export type Select = (name: string, labels?: Readonly<Record<string, string>>) => readonly Sample[];

/** Several instances as one: what is counted adds up; a gauge is the same fact seen by each, of which the worst is taken. */
export function mergeSamples(instances: readonly Iterable<Sample>[]): Select {
  const merged = new Map<string, Sample>();
  for (const samples of instances) {
    for (const sample of samples) {
      const value = merged.get(sample.key)?.value;
      merged.set(
        sample.key,
        value === undefined ? sample : { ...sample, value: join(sample, value) },
      );
    }
  }
  const byName = Map.groupBy(merged.values(), ({ name }) => name);
  return (name, labels = {}) =>
    (byName.get(name) ?? []).filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
}

function join({ isGauge, value }: Sample, other: number): number {
  return isGauge ? Math.max(value, other) : value + other;
}
