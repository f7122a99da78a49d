/** Nearest rank of an ascending list: a value that was measured, never one in between. 0 for an empty list. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0;
}
