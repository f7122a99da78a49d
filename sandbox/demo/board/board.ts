import type { OutcomeEvent } from "../../audit/read-events.ts";
import type { PublishedTask } from "../../traffic/ledger.ts";
import { drawFrame } from "./draw-frame.ts";
import type { AuditFigures, Figures, Frame } from "./frame.ts";
import { endedAtMs } from "./journey.ts";
import { createJourneys, type Journeys } from "./journeys.ts";
import { createLatencies } from "./latencies.ts";
import { createServiceWatch } from "./service-watch.ts";
import { createStageBars } from "./stage-bars.ts";

const STORY_MAX = 6;

/** What the auditor knows at this moment, and its picture. Everything comes from outside the service. */
export interface Board {
  readonly journeys: Journeys;
  published(task: PublishedTask): void;
  ended(outcome: OutcomeEvent): void;
  serviceGone(atMs: number): void;
  serviceStarting(): void;
  serviceBack(atMs: number): void;
  lag(records: number): void;
  /** A line for the page's story. */
  tell(line: string): void;
  offer(keys: Frame["keys"]): void;
  conclude(audit: AuditFigures): void;
  figures(): Figures;
  frame(nowMs: number): Frame;
}

export function createBoard(): Board {
  const latencies = createLatencies();
  const bars = createStageBars();
  const service = createServiceWatch();
  const journeys = createJourneys((journey, durations) =>
    bars.add(endedAtMs(journey) ?? 0, durations),
  );
  const counts = { published: 0, paid: 0, failed: 0 };
  let kafkaLag: number | null = null;
  let told: Pick<Frame, "story" | "keys" | "audit"> = { story: [], keys: [], audit: null };

  const figures = (): Figures => ({
    ...counts,
    inFlight: journeys.open.size,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    overThreeSeconds: latencies.overPromise,
    kafkaLag,
  });

  return {
    journeys,
    published(task) {
      counts.published += 1;
      journeys.publish(task);
    },
    ended(outcome) {
      const journey = journeys.end(outcome);
      if (!journey) return;
      counts[outcome.kind === "completed" ? "paid" : "failed"] += 1;
      if (outcome.kind === "failed") return;
      latencies.add(outcome.arrivedAtMs - journey.task.occurredAtMs);
    },
    serviceGone: (atMs) => service.gone(atMs, journeys.open.size),
    serviceStarting: () => service.starting(),
    serviceBack: (atMs) => service.back(atMs),
    lag: (records) => void (kafkaLag = records),
    tell: (line) => void (told = { ...told, story: [...told.story, line].slice(-STORY_MAX) }),
    offer: (keys) => void (told = { ...told, keys }),
    conclude: (audit) => void (told = { ...told, audit }),
    figures,
    frame: (nowMs) => drawFrame({ journeys, bars, service, figures: figures(), told }, nowMs),
  };
}
