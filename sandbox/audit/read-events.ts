import { setTimeout as delay } from "node:timers/promises";
import { Kafka, logLevel, type Admin, type Consumer, type EachMessageHandler } from "kafkajs";
import { readSchema } from "../traffic/avro.ts";

/** An outcome as downstream services meet it. */
export interface OutcomeEvent {
  readonly kind: "completed" | "failed";
  readonly eventId: string;
  readonly paymentId: string;
  readonly generation: number;
  readonly platformId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly netAmount: bigint | null;
  readonly txHash: string | null;
  readonly code: string | null;
  /** When it reached this consumer, in ms since the epoch: an upper bound of Kafka's acknowledgement. */
  readonly arrivedAtMs: number;
}

export interface EventReader {
  readonly outcomes: readonly OutcomeEvent[];
  readonly deadLetters: number;
  /** Resolves once everything that is in the topics now has been read. */
  catchUp(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface EventTopics {
  readonly completed: string;
  readonly failed: string;
  readonly deadLetters: string;
}

const START_AGAIN_MS = 500;

/** Reads the outcome topics from their beginning and stays, as reputation and notifications do. */
export async function readEvents(
  brokers: readonly string[],
  topics: EventTopics,
  onOutcome: (outcome: OutcomeEvent) => void = () => undefined,
): Promise<EventReader> {
  const completedType = readSchema("payment.completed.v1").type;
  const failedType = readSchema("payment.failed.v1").type;
  const kafka = new Kafka({
    clientId: "auditor",
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 1_000 },
  });
  const admin = kafka.admin();
  const consumer = kafka.consumer({
    groupId: `auditor-${process.pid}-${Date.now()}`,
    maxWaitTimeInMs: 50,
    sessionTimeout: 10_000,
  });
  const outcomes: OutcomeEvent[] = [];
  const next = new Map<string, bigint>();
  let deadLetters = 0;
  const read: EachMessageHandler = async ({ topic, partition, message }) => {
    const place = `${topic}/${partition}`;
    const offset = BigInt(message.offset);
    // Delivered again because this consumer began anew, not because it was published again.
    if (offset < (next.get(place) ?? 0n)) return;
    next.set(place, offset + 1n);
    if (topic === topics.deadLetters) {
      deadLetters += 1;
      return;
    }
    const completed = topic === topics.completed;
    const body = (message.value ?? Buffer.alloc(0)).subarray(5);
    const event = (completed ? completedType : failedType).fromBuffer(body);
    const outcome = toOutcome(completed ? "completed" : "failed", event);
    outcomes.push(outcome);
    onOutcome(outcome);
  };
  await admin.connect();
  const stopReading = await keepReading(consumer, Object.values(topics), read);

  return {
    outcomes,
    get deadLetters() {
      return deadLetters;
    },
    async catchUp(timeoutMs) {
      const deadlineMs = Date.now() + timeoutMs;
      while (await isBehind(admin, topics, next)) {
        if (Date.now() > deadlineMs)
          throw new Error("the auditor could not read the topics to their end");
        await delay(100);
      }
    },
    async stop() {
      await Promise.all([stopReading(), admin.disconnect()]);
    },
  };
}

/** Reads until it is stopped, whatever happens: after some errors kafkajs goes on by itself, and after others it stays dead. */
async function keepReading(
  consumer: Consumer,
  topics: string[],
  eachMessage: EachMessageHandler,
): Promise<() => Promise<void>> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const start = async () => {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    // Nobody asks how far it is; committing after every batch would hold up the next one, and with it its times.
    await consumer.run({ autoCommit: false, eachMessage });
  };
  const startAgain = async () => {
    await delay(START_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await start().catch(startAgain);
  };
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) void startAgain();
  });
  await start();
  return async () => {
    stopping.abort();
    await consumer.disconnect();
  };
}

async function isBehind(
  admin: Admin,
  topics: EventTopics,
  next: ReadonlyMap<string, bigint>,
): Promise<boolean> {
  for (const topic of Object.values(topics)) {
    for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
      const read = next.get(`${topic}/${partition}`) ?? BigInt(low);
      if (read < BigInt(high)) return true;
    }
  }
  return false;
}

function toOutcome(kind: OutcomeEvent["kind"], event: Record<string, unknown>): OutcomeEvent {
  const text = (name: string) => String(event[name]);
  return {
    kind,
    eventId: text("eventId"),
    paymentId: text("paymentId"),
    generation: Number(event["generation"]),
    platformId: text("platformId"),
    taskId: text("taskId"),
    workerId: text("workerId"),
    netAmount: kind === "completed" ? BigInt(text("netAmount")) : null,
    txHash: kind === "completed" ? text("txHash").toLowerCase() : null,
    code: kind === "failed" ? text("code") : null,
    arrivedAtMs: Date.now(),
  };
}
