import type { OutcomeEvent } from "../../audit/read-events.ts";
import type { Stamps } from "../../audit/read-stamps.ts";
import type { Transfer } from "../../audit/read-transfers.ts";
import { taskKey, type PublishedTask } from "../../traffic/ledger.ts";
import { createAwaitedTransfers } from "./awaited-transfers.ts";
import { beginJourney, durationsMs, endedAtMs, type Journey } from "./journey.ts";
import { ACCEPTED, ACKNOWLEDGED, ON_CHAIN, SENT, SETTLED } from "./stages.ts";

/** Drawn as dots and looked up in Postgres; of those beyond only publication, transfer and outcome are seen. */
const FOLLOWED_MAX = 500;
/** How long one that ended stays on the board. */
const LINGER_MS = 1_000;
/** A stamp that has not come by then, after the end, does not come. */
const GIVE_UP_MS = 10_000;

/** Every payment that has not ended, and those that ended just now. Bounded by what is in flight. */
export interface Journeys {
  readonly open: ReadonlyMap<string, Journey>;
  /** The first `FOLLOWED_MAX` of them, oldest first, with those that linger. */
  readonly followed: ReadonlySet<Journey>;
  publish(task: PublishedTask): void;
  stamp(stamps: Stamps): void;
  transfer(transfer: Transfer, seenAtMs: number): void;
  /** Answers the journey if this is its first outcome: what comes after it is a repetition. */
  end(outcome: OutcomeEvent): Journey | undefined;
  /** Those whose stamps are not all there yet. */
  unstamped(): Journey[];
  /** Lets go of those that ended a while ago. */
  forget(nowMs: number): void;
}

/** `onWhole` is told once, of each followed payment that was paid, when it has been seen at every stage. */
export function createJourneys(onWhole: (journey: Journey, durations: number[]) => void): Journeys {
  const open = new Map<string, Journey>();
  const followed = new Set<Journey>();
  const ended = new Map<string, Journey>();
  const unpaid = createAwaitedTransfers();
  let count = 0;

  const pass = (journey: Journey, stage: number, at: number | null) => {
    if (at === null || journey.passedAtMs[stage] !== null) return;
    journey.passedAtMs[stage] = at;
    if (!followed.has(journey) || journey.outcome !== "completed") return;
    const durations = durationsMs(journey);
    if (durations) onWhole(journey, durations);
  };

  return {
    open,
    followed,
    publish(task) {
      const journey = beginJourney((count += 1), task);
      open.set(taskKey(task), journey);
      unpaid.await(journey);
      if (followed.size < FOLLOWED_MAX) followed.add(journey);
    },
    stamp(stamps) {
      const key = taskKey(stamps);
      const journey = open.get(key) ?? ended.get(key);
      if (!journey) return;
      pass(journey, ACCEPTED, stamps.acceptedAtMs);
      pass(journey, SENT, stamps.sentAtMs);
      pass(journey, SETTLED, stamps.settledAtMs);
    },
    transfer(transfer, seenAtMs) {
      const journey = unpaid.take(transfer);
      if (journey) pass(journey, ON_CHAIN, seenAtMs);
    },
    end(outcome) {
      const key = taskKey(outcome);
      const journey = open.get(key);
      if (!journey) return undefined;
      open.delete(key);
      ended.set(key, journey);
      journey.outcome = outcome.kind;
      pass(journey, ACKNOWLEDGED, outcome.arrivedAtMs);
      return journey;
    },
    unstamped: () => [...followed].filter(({ passedAtMs }) => passedAtMs[SETTLED] === null),
    forget(nowMs) {
      for (const [key, journey] of ended) {
        const ageMs = nowMs - (endedAtMs(journey) ?? 0);
        const isWhole = !followed.has(journey) || durationsMs(journey) !== null;
        if (ageMs < (isWhole ? LINGER_MS : GIVE_UP_MS)) continue;
        ended.delete(key);
        followed.delete(journey);
        unpaid.forget(journey);
      }
    },
  };
}
