import type { Outage } from "./frame.ts";

const OUTAGES_MAX = 20;

export interface ServiceWatch {
  readonly state: "up" | "dead" | "starting";
  /** Since when it is not up. */
  readonly sinceMs: number;
  /** In flight when it died. */
  readonly frozen: number;
  readonly outages: readonly Outage[];
  gone(atMs: number, inFlight: number): void;
  starting(): void;
  back(atMs: number): void;
}

/** Whether the service's process lives, by its exit and its word that it is ready. */
export function createServiceWatch(): ServiceWatch {
  const outages: { fromMs: number; toMs: number | null }[] = [];
  let state: ServiceWatch["state"] = "up";
  let frozen = 0;
  return {
    get state() {
      return state;
    },
    get sinceMs() {
      return outages.at(-1)?.fromMs ?? 0;
    },
    get frozen() {
      return frozen;
    },
    outages,
    gone(atMs, inFlight) {
      state = "dead";
      frozen = inFlight;
      outages.push({ fromMs: atMs, toMs: null });
      if (outages.length > OUTAGES_MAX) outages.shift();
    },
    starting() {
      state = "starting";
    },
    back(atMs) {
      state = "up";
      const last = outages.at(-1);
      if (last) last.toMs = atMs;
    },
  };
}
