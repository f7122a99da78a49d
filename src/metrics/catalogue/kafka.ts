import { LETTER_CODES } from "../../payment/letter-codes.ts";
import { counter, gauge } from "../definition.ts";

export const kafkaMetrics = {
  lagRecords: gauge({
    name: "payments_kafka_lag_records",
    help: "Records that are not durable here yet, the markers of producers' transactions among them. Partitions of the input topic. Every instance reports the same: use max.",
    labels: { partition: null },
  }),
  lagSeconds: gauge({
    name: "payments_kafka_lag_seconds",
    help: "The age of the oldest record that is not durable here yet; 0 where there is none. Each partition by the instance that consumes it; by one that the group has not let in, for how long at least.",
    labels: { partition: null },
  }),
  consumed: counter({
    name: "payments_kafka_consumed_records_total",
    help: "Records that were made durable, dead letters included.",
    labels: {},
  }),
  lastFetch: gauge({
    name: "payments_kafka_last_fetch_timestamp_seconds",
    help: "When the consumer last heard from the broker, records or none.",
    labels: {},
  }),
  rebalances: counter({
    name: "payments_kafka_rebalances_total",
    help: "Times that this instance was given its partitions anew.",
    labels: {},
  }),
  clockSkew: counter({
    name: "payments_event_clock_skew_total",
    help: "Events whose occurredAt lies in our future; their first wait counts as 0.",
    labels: {},
  }),
  deadLetters: counter({
    name: "payments_dead_letters_total",
    help: "Records that cannot become a payment, by code.",
    labels: { code: [...LETTER_CODES, "other"] },
  }),
  deadLettersOpen: gauge({
    name: "payments_dead_letters_open",
    help: "Dead letters that nobody has dealt with, counted up to 10,000. Every instance reports the same: use max.",
    labels: {},
  }),
  deadLettersOldestAge: gauge({
    name: "payments_dead_letters_oldest_age_seconds",
    help: "How long the oldest of them has waited.",
    labels: {},
  }),
  outboxPending: gauge({
    name: "payments_outbox_pending_records",
    help: "Outcomes that are decided and not with Kafka yet, counted up to 10,000. Every instance reports the same: use max.",
    labels: {},
  }),
  outboxOldestAge: gauge({
    name: "payments_outbox_oldest_age_seconds",
    help: "How long the oldest of them has waited.",
    labels: {},
  }),
  outboxRefused: gauge({
    name: "payments_outbox_refused_records",
    help: "Records that Kafka will not take as they are: they wait for a person.",
    labels: {},
  }),
  published: counter({
    name: "payments_outbox_published_records_total",
    help: "Records that Kafka has acknowledged.",
    labels: {},
  }),
  publishFailures: counter({
    name: "payments_outbox_publish_failures_total",
    help: "Batches that Kafka did not acknowledge; they are published again.",
    labels: {},
  }),
} as const;
