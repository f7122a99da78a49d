import type { Figures } from "./board/frame.ts";

/** What can be said of the traffic at any moment, from the ledger and the outcome topics alone. */
export function progressLine(figures: Figures): string {
  const { published, paid, failed, inFlight, p50Ms, p99Ms, overThreeSeconds } = figures;
  return [
    `published ${String(published).padStart(5)}`,
    `paid ${String(paid).padStart(5)}`,
    ...(failed > 0 ? [`failed ${failed}`] : []),
    `in flight ${String(inFlight).padStart(4)}`,
    `p50 ${seconds(p50Ms)}`,
    `p99 ${seconds(p99Ms)}`,
    `over 3 s ${overThreeSeconds}`,
  ].join("   ");
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
