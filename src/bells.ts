import { createPatientWake, createWake, ringAll, ringAlong } from "./wake.ts";
import type { PatientWake, Wake } from "./wake.ts";

export type Bell = "dispatch" | "relay" | "recheck" | "tend" | "live";

export interface Bells {
  readonly bells: Readonly<Record<Bell, Wake>>;
  /** A lane listens to a bell of its own; the dispatch bell rings them all. */
  readonly laneBells: ReadonlyMap<string, Wake>;
  /** Rings with the relay's bell: whenever payments may have ended. So does `decided`; `due`, when a webhook is. */
  readonly outcomeBell: Wake;
  readonly webhookBells: { readonly decided: Wake; readonly due: Wake };
  /** For whoever numbers live events: rung by the relay once it has published, or late with the others. */
  readonly sequencerBell: PatientWake;
}

/** Kafka is told of an outcome within this, or is away; numbering beside it would hold it up. */
const RELAY_FIRST_MS = 100;

/** The bells by which the stages of a process wake one another, and themselves. */
export function createBells(laneIds: readonly string[]): Bells {
  const laneBells = new Map(laneIds.map((id) => [id, createWake()]));
  const outcomeBell = createWake();
  const sequencerBell = createPatientWake(RELAY_FIRST_MS);
  const webhookBells = { decided: createWake(), due: createWake() };
  const numberLate = { ring: () => sequencerBell.ringLate() };
  const along = ringAll([outcomeBell, webhookBells.decided, numberLate]);
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
