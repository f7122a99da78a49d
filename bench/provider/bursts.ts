/** Transfers are executed together, as a chain with blocks of half a second does. */
export const BURST_MS = 500;

/** When an order that is taken at that moment is executed; by the wall clock, so that every process sees the same bursts. */
export function burstAfter(ms: number): number {
  return (Math.floor(ms / BURST_MS) + 1) * BURST_MS;
}
