import { ALARM_KINDS } from "../../payment/alarm.ts";
import { ORIGINS } from "../../payment/origin.ts";
import { FAILURE_CODES } from "../../payment/state.ts";
import { counter, gauge, histogram } from "../definition.ts";
import { BATCHES, HOLDS, OPEN_STATES } from "./labels.ts";

const ROWS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

export const flowMetrics = {
  accepted: counter({
    name: "payments_accepted_total",
    help: "Payments that were made durable, each once: the denominator of the promise. A retried generation counts again, by its origin.",
    labels: { origin: ORIGINS },
  }),
  duplicates: counter({
    name: "payments_duplicates_total",
    help: "Events that said again what was known.",
    labels: {},
  }),
  finished: counter({
    name: "payments_finished_total",
    help: "Outcomes that Kafka has acknowledged; code is the failure's, or none.",
    labels: { code: ["none", ...FAILURE_CODES] },
  }),
  retries: counter({
    name: "payments_retries_total",
    help: "Tries that did not pay and are made again, by what was met.",
    labels: { reason: ["refused", "reverted", "dead", "not_eligible_yet"] },
  }),
  voids: counter({
    name: "payments_voids_total",
    help: "Payments that were sent, will fail, and are being closed on chain first.",
    labels: {},
  }),
  reviews: counter({
    name: "payments_reviews_total",
    help: "Payments that fell into doubt.",
    labels: {},
  }),
  alarms: counter({
    name: "payments_alarms_total",
    help: "What must never be passed over in silence.",
    labels: { kind: ALARM_KINDS },
  }),
  open: gauge({
    name: "payments_open",
    help: "Payments that have not ended and are not held, by state. Of a greater backlog than 10,000 so many are counted. Every instance reports the same: use max.",
    labels: { state: OPEN_STATES },
  }),
  openOldestAge: gauge({
    name: "payments_open_oldest_age_seconds",
    help: "How long the oldest of them has been open, by the database's clock, since it was accepted or an operator retried it; 0 where there is none. Of a greater backlog than 10,000, the oldest of those that are looked at.",
    labels: { state: OPEN_STATES },
  }),
  held: gauge({
    name: "payments_held",
    help: "Payments that wait for money, for the end of a pause or for an operator's word after a restore. No doubt, and no try is used; what is on its way is open, and so is all that is in doubt. Every instance reports the same: use max.",
    labels: { reason: HOLDS },
  }),
  heldOldestAge: gauge({
    name: "payments_held_oldest_age_seconds",
    help: "How long the oldest of them has been open.",
    labels: { reason: HOLDS },
  }),
  batch: histogram({
    name: "payments_batch_size",
    help: "What one commit of a stage took together.",
    labels: { stage: BATCHES },
    buckets: ROWS,
  }),
} as const;
