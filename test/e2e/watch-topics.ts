import { randomUUID } from "node:crypto";
import { Kafka, logLevel, type IHeaders, type KafkaMessage } from "kafkajs";
import { readSchema } from "../../sandbox/traffic/avro.ts";
import type { PaymentCompleted, PaymentFailed } from "../../src/payment/events.ts";
import { collectArrivals, type Arrivals } from "./arrivals.ts";
import type { World } from "./world.ts";

export type Outcome =
  | ({ readonly kind: "completed" } & Omit<PaymentCompleted, "occurredAt">)
  | ({ readonly kind: "failed" } & Omit<PaymentFailed, "occurredAt">);

/** A record of the DLQ topic, with its headers as text. */
export interface DeadRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What downstream services see: a consumer with the contracts and none of the service's code. */
export interface TopicWatch extends AsyncDisposable {
  readonly outcomes: Arrivals<Outcome>;
  readonly deadRecords: Arrivals<DeadRecord>;
  /** The task's outcome of that generation (the first unless told), once it has arrived. */
  outcomeOf(taskId: string, generation?: number): Promise<Outcome>;
  /** The headers of that outcome's record, as text. */
  headersOf(outcome: Outcome): Readonly<Record<string, string>>;
}

/** Watches the world's topics from their beginning; they must exist. */
export async function watchTopics({ parts, topics }: World): Promise<TopicWatch> {
  const completed = readSchema("payment.completed.v1").type;
  const failed = readSchema("payment.failed.v1").type;
  const outcomes = collectArrivals<Outcome>();
  const deadRecords = collectArrivals<DeadRecord>();
  const headers = new WeakMap<Outcome, Readonly<Record<string, string>>>();
  const kafka = new Kafka({
    clientId: "downstream",
    brokers: [...parts.brokers],
    logLevel: logLevel.NOTHING,
  });
  const consumer = kafka.consumer({ groupId: `downstream-${randomUUID()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  const watched = [topics.completed, topics.failed, topics.deadLetters];
  await consumer.subscribe({ topics: watched, fromBeginning: true });
  const take = (topic: string, message: KafkaMessage) => {
    const body = () => (message.value ?? Buffer.alloc(0)).subarray(5);
    const push = (outcome: Outcome) => {
      headers.set(outcome, textsOf(message.headers));
      outcomes.push(outcome);
    };
    if (topic === topics.completed) {
      push({ kind: "completed", ...completed.fromBuffer(body()) });
    } else if (topic === topics.failed) {
      push({ kind: "failed", ...failed.fromBuffer(body()) });
    } else {
      const { key, value, headers } = message;
      deadRecords.push({ key, value, headers: textsOf(headers) });
    }
  };
  await consumer.run({ eachMessage: async ({ topic, message }) => take(topic, message) });
  return {
    outcomes,
    deadRecords,
    outcomeOf: (taskId, generation = 1) =>
      outcomes.next(
        `the outcome of ${taskId}, generation ${generation}`,
        (outcome) => outcome.taskId === taskId && outcome.generation === generation,
      ),
    headersOf: (outcome) => headers.get(outcome) ?? {},
    [Symbol.asyncDispose]: () => consumer.disconnect(),
  };
}

function textsOf(headers: IHeaders = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
