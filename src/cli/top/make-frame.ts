import { catalogue } from "../../metrics/catalogue/catalogue.ts";
import { HOLDS, OPEN_STATES } from "../../metrics/catalogue/labels.ts";
import { STAGES } from "../../metrics/stages.ts";
import { bucketsOf, quantileOf, shareWithin } from "./histogram.ts";
import type { Select } from "./merge-samples.ts";
import type { Sample } from "./read-exposition.ts";
import type { Window } from "./window.ts";

/** An instance, and whether it answered this time. */
export interface Instance {
  readonly url: string;
  readonly problem: string | null;
}

/** One moment of the whole service: what `--json` prints. Times are in seconds; null is not known. */
export type Frame = ReturnType<typeof makeFrame>;

export interface FrameInput {
  readonly atMs: number;
  readonly instances: readonly Instance[];
  readonly window: Window;
  /** The latest answers. */
  readonly latest: Select;
}

/** Whatever is gathered beside the line is too old to be believed after this. */
const FROZEN_AFTER_SECONDS = 30;

export function makeFrame({ atMs, instances, window, latest }: FrameInput) {
  const { seconds, since, counted } = window;
  return {
    at: new Date(atMs).toISOString(),
    instances,
    rail: latest(catalogue.build.name)[0]?.labels["rail"] ?? null,
    window: { seconds, since },
    flow: flowOf(counted, seconds),
    latency: latencyOf(counted, latest),
    stages: stagesOf(counted, latest),
    open: OPEN_STATES.map((state) => ({
      state,
      count: worst(latest(catalogue.open.name, { state })),
      oldestAge: worst(latest(catalogue.openOldestAge.name, { state })),
    })),
    held: HOLDS.map((reason) => ({
      reason,
      count: worst(latest(catalogue.held.name, { reason })),
      oldestAge: worst(latest(catalogue.heldOldestAge.name, { reason })),
    })),
    kafka: {
      lagRecords: total(latest(catalogue.lagRecords.name)),
      lagSeconds: worst(latest(catalogue.lagSeconds.name)),
    },
    outbox: {
      pending: worst(latest(catalogue.outboxPending.name)),
      oldestAge: worst(latest(catalogue.outboxOldestAge.name)),
      refused: worst(latest(catalogue.outboxRefused.name)),
    },
    deadLetters: {
      open: worst(latest(catalogue.deadLettersOpen.name)),
      oldestAge: worst(latest(catalogue.deadLettersOldestAge.name)),
    },
    paused: {
      everything: isSet(latest(catalogue.paused.name, { scope: "all" })),
      platforms: worst(latest(catalogue.paused.name, { scope: "platforms" })),
    },
    isRestoreOpen: isSet(latest(catalogue.restoreOpen.name)),
    shortFunds: shortFundsOf(latest),
    lowGas: lowGasOf(latest),
    mismatches: total(latest(catalogue.mismatches.name)),
    alarms: latest(catalogue.alarms.name)
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => ({ kind: labels["kind"] ?? "", count: value })),
    frozen: latest(catalogue.sampled.name)
      .filter(({ value }) => value > 0 && atMs / 1_000 - value > FROZEN_AFTER_SECONDS)
      .map(({ labels, value }) => ({
        sampler: labels["sampler"] ?? "",
        age: atMs / 1_000 - value,
      })),
  };
}

function flowOf(counted: Select, seconds: number) {
  const finished = counted(catalogue.finished.name);
  const paid = sum(finished.filter(({ labels }) => labels["code"] === "none"));
  return {
    acceptedPerSecond: sum(counted(catalogue.accepted.name)) / seconds,
    completedPerSecond: paid / seconds,
    failedPerSecond: (sum(finished) - paid) / seconds,
  };
}

/** Of live payments that have ended: those that have not are under `open`, with their age. */
function latencyOf(counted: Select, latest: Select) {
  const { name } = catalogue.endToEnd;
  const live = { origin: "live" };
  const buckets = bucketsOf(counted(`${name}_bucket`, live));
  const threshold = worst(latest(catalogue.sloThreshold.name));
  return {
    threshold,
    share: threshold === null ? null : shareWithin(buckets, threshold),
    p50: quantileOf(buckets, 0.5),
    p99: quantileOf(buckets, 0.99),
    mean: ratio(sum(counted(`${name}_sum`, live)), sum(counted(`${name}_count`, live))),
  };
}

/** Means over all live payments, whether they met the stage or not: so they add up to the mean end-to-end time. */
function stagesOf(counted: Select, latest: Select) {
  const payments = sum(counted(`${catalogue.endToEnd.name}_count`, { origin: "live" }));
  return STAGES.map((stage) => ({
    stage,
    mean: ratio(sum(counted(`${catalogue.stage.name}_sum`, { stage })), payments),
    budget: latest(catalogue.stageBudget.name, { stage })[0]?.value ?? null,
  }));
}

function shortFundsOf(latest: Select) {
  const funds = latest(catalogue.payerFunds.name);
  return funds.flatMap(({ labels, value }) => {
    const { payer = "", currency = "" } = labels;
    const hourlyDemand = worst(latest(catalogue.payerDemand.name, { payer, currency }));
    if (hourlyDemand === null || value >= hourlyDemand) return [];
    return [{ payer, currency, funds: value, hourlyDemand }];
  });
}

function lowGasOf(latest: Select) {
  const minimum = worst(latest(catalogue.operatorGasMinimum.name));
  if (minimum === null) return [];
  return latest(catalogue.operatorGas.name)
    .filter(({ value }) => value < minimum)
    .map(({ labels, value }) => ({ operator: labels["operator"] ?? "", balance: value, minimum }));
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

/** Of gauges: null where nobody reports one, which is not the same as 0. */
function worst(samples: readonly Sample[]): number | null {
  return samples.length === 0 ? null : Math.max(...samples.map(({ value }) => value));
}

function total(samples: readonly Sample[]): number | null {
  return samples.length === 0 ? null : sum(samples);
}

function isSet(samples: readonly Sample[]): boolean | null {
  const value = worst(samples);
  return value === null ? null : value > 0;
}

function ratio(total: number, count: number): number | null {
  return count > 0 ? total / count : null;
}
