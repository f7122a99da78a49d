type Status = "created" | "updated" | "unchanged" | "rejected";

export interface PutItem {
  readonly id: string;
  readonly status: Status;
  readonly problem: {
    readonly code: string;
    readonly message: string;
    readonly field: string | null;
  } | null;
}

/** What became of the rows of a bulk, counted and in order. */
export function putReport(items: readonly PutItem[]) {
  const count = (wanted: Status) => items.filter(({ status }) => status === wanted).length;
  return {
    created: count("created"),
    updated: count("updated"),
    unchanged: count("unchanged"),
    rejected: count("rejected"),
    results: items.map((item, index) => ({ index, ...item })),
  };
}

/** Every id that stands more than once: of such rows nobody can say which one is meant. */
export function repeatedIn(keys: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(keys.filter((key) => seen.has(key) || !seen.add(key)));
}

export const REPEATED = {
  code: "repeated",
  message: "This id stands more than once in the list; none of them was done.",
  field: "id",
} as const;
