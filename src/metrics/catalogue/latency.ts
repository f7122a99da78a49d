import { ORIGINS } from "../../payment/origin.ts";
import { gauge, histogram } from "../definition.ts";
import { BUDGETED, STAGES } from "../stages.ts";
import { OUTCOMES, RESULTS } from "./labels.ts";

const SECONDS_TO_3 = [
  0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 5, 7.5, 10, 30, 60,
];
const STAGE_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30,
];
/** For calls to other parts. */
export const CALL_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5, 10];

export const latencyMetrics = {
  endToEnd: histogram({
    name: "payments_end_to_end_duration_seconds",
    help: "From the event's occurredAt, or the operator's act, to Kafka's acknowledgement of the outcome.",
    labels: { outcome: OUTCOMES, origin: ORIGINS },
    buckets: SECONDS_TO_3,
  }),
  stage: histogram({
    name: "payments_stage_duration_seconds",
    help: "The stages of live payments, contiguous and with their waits: they sum to the end-to-end time.",
    labels: { stage: STAGES },
    buckets: STAGE_SECONDS,
  }),
  stageBudget: gauge({
    name: "payments_stage_budget_seconds",
    help: "What each stage may take in the mean; with the slack they sum to the threshold.",
    labels: { stage: BUDGETED },
  }),
  sloThreshold: gauge({
    name: "payments_slo_threshold_seconds",
    help: "What a live payment may take from end to end (SLO_MS).",
    labels: {},
  }),
  sloObjective: gauge({
    name: "payments_slo_objective_ratio",
    help: "The share of accepted live payments that must be done within the threshold.",
    labels: {},
  }),
  tries: histogram({
    name: "payments_tries",
    help: "Tries that a finished payment took.",
    labels: {},
    buckets: [1, 2, 3, 4],
  }),
  call: histogram({
    name: "payments_dependency_request_duration_seconds",
    help: "Calls to what the service rests on. Operations are those that the code names.",
    labels: { dependency: null, operation: null, result: RESULTS },
    buckets: CALL_SECONDS,
  }),
} as const;
