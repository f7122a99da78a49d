import type { Dot, Figures, Frame, ServiceState, StageFigures } from "./frame.ts";
import { endedAtMs, stageOf, type Journey } from "./journey.ts";
import type { Journeys } from "./journeys.ts";
import type { ServiceWatch } from "./service-watch.ts";
import { meansOf, type StageBars } from "./stage-bars.ts";
import { ON_CHAIN, PROMISE_MS, STAGES } from "./stages.ts";

const MEANS_OVER_BARS = 10;

export interface Known {
  readonly journeys: Journeys;
  readonly bars: StageBars;
  readonly service: ServiceWatch;
  readonly figures: Figures;
  /** What was told to the page, and what it is offered. */
  readonly told: Pick<Frame, "story" | "keys" | "audit">;
}

/** The picture of what is known at this moment. */
export function drawFrame({ journeys, bars, service, figures, told }: Known, nowMs: number): Frame {
  const drawn = [...journeys.followed];
  const lately = bars.bars(nowMs);
  return {
    atMs: nowMs,
    figures,
    service: serviceState(service, journeys),
    stages: stageFigures(drawn, meansOf(lately.slice(-MEANS_OVER_BARS))),
    dots: drawn.map((journey) => dotOf(journey, nowMs)),
    undrawn: journeys.open.size - drawn.filter(({ outcome }) => outcome === null).length,
    bars: lately,
    outages: service.outages,
    ...told,
  };
}

function serviceState(service: ServiceWatch, { open }: Journeys): ServiceState {
  const { state, sinceMs, frozen } = service;
  if (state === "up") return { kind: state };
  const paidMeanwhile = open.values().filter(({ passedAtMs }) => passedAtMs[ON_CHAIN] !== null);
  return { kind: state, sinceMs, frozen, paidMeanwhile: [...paidMeanwhile].length };
}

function stageFigures(
  drawn: readonly Journey[],
  meansMs: readonly number[] | null,
): StageFigures[] {
  const here = STAGES.map(() => 0);
  for (const journey of drawn) {
    const stage = stageOf(journey);
    here[stage] = (here[stage] ?? 0) + 1;
  }
  return STAGES.map((stage, i) => ({
    ...stage,
    here: here[i] ?? 0,
    meanMs: meansMs?.[i - 1] ?? null,
  }));
}

function dotOf(journey: Journey, nowMs: number): Dot {
  const ageMs = (endedAtMs(journey) ?? nowMs) - journey.task.occurredAtMs;
  const mark = journey.outcome === "failed" ? 2 : ageMs > PROMISE_MS ? 1 : 0;
  return [journey.number, stageOf(journey), mark];
}
