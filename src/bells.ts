import { createWake, ringAll, ringAlong, type Wake } from "./wake.ts";

export type Bell = "dispatch" | "relay" | "recheck" | "tend" | "live";

export interface Bells {
  readonly bells: Readonly<Record<Bell, Wake>>;
  /** A lane listens to a bell of its own; the dispatch bell rings them all. */
  readonly laneBells: ReadonlyMap<string, Wake>;
  /** Rings with the relay's bell: whenever payments may have ended. So does `decided`; `due`, when a webhook is. */
  readonly outcomeBell: Wake;
  readonly webhookBells: { readonly decided: Wake; readonly due: Wake };
  /** Rings with them, for whoever numbers live events. */
  readonly sequencerBell: Wake;
}

/** The bells by which the stages of a process wake one another, and themselves. */
export function createBells(laneIds: readonly string[]): Bells {
  const laneBells = new Map(laneIds.map((id) => [id, createWake()]));
  const outcomeBell = createWake();
  const sequencerBell = createWake();
  const webhookBells = { decided: createWake(), due: createWake() };
  const along = ringAll([outcomeBell, webhookBells.decided, sequencerBell]);
  const bells = {
    dispatch: ringAll([...laneBells.values()]),
    // What the relay publishes are outcomes, above all.
    relay: ringAlong(createWake(), along),
    recheck: createWake(),
    // Of the circle rail, which has one lane.
    tend: createWake(),
    live: createWake(),
  };
  return { bells, laneBells, outcomeBell, webhookBells, sequencerBell };
}
