import { setTimeout as delay } from "node:timers/promises";
import kafkajs from "kafkajs";
import type { Kafka, Producer, RecordMetadata, TopicMessages } from "kafkajs";
import type { Logger } from "pino";
import { PaymentError } from "../errors.ts";
import { failpoint } from "../failpoint.ts";
import { reasonOf, untilAvailable } from "./until-available.ts";

export interface BatchSender {
  /** One `sendBatch`; the errors of `Publisher.publish`. Connects first, waiting until Kafka is there. */
  readonly send: (topicMessages: TopicMessages[], signal: AbortSignal) => Promise<void>;
  readonly disconnect: () => Promise<void>;
}

const BROKER_ACK_TIMEOUT_MS = 10_000;
/** Above the client's own request time-out: it only ends what kafkajs forgot. */
const SEND_DEADLINE_MS = 30_000;
const DISCONNECT_DEADLINE_MS = 3_000;

/**
 * Not kafkajs's idempotent producer: after a time-out that one can acknowledge the next batch with the lost one's
 * offset and never write it. Instead: no retry inside kafkajs, offsets that must rise for as long as a producer
 * lives, and after any error the producer is thrown away.
 */
export function createBatchSender(deps: { kafka: Kafka; log: Logger }): BatchSender {
  let producer: Producer | undefined;
  let lastOffsets = new Map<string, bigint>();
  return { send, disconnect };

  async function send(topicMessages: TopicMessages[], signal: AbortSignal): Promise<void> {
    producer ??= await connectProducer(deps, signal);
    try {
      const answer = producer.sendBatch({
        acks: -1,
        timeout: BROKER_ACK_TIMEOUT_MS,
        topicMessages,
      });
      const [acknowledged] = await Promise.all([
        withDeadline(answer),
        failpoint("relay.bytes_left"),
      ]);
      assertOffsetsRise(lastOffsets, acknowledged);
    } catch (error) {
      await disconnect();
      throw new PaymentError(
        "PUBLISH_IN_DOUBT",
        "reconcile",
        `Kafka may or may not have taken the records: ${reasonOf(error)}`,
        { cause: error },
      );
    }
  }

  async function disconnect(): Promise<void> {
    const gone = producer?.disconnect().catch((error: unknown) => {
      deps.log.debug({ reason: reasonOf(error) }, "The old producer did not disconnect cleanly.");
    });
    producer = undefined;
    lastOffsets = new Map();
    await Promise.race([gone, delay(DISCONNECT_DEADLINE_MS, undefined, { ref: false })]);
  }
}

async function connectProducer(
  deps: { kafka: Kafka; log: Logger },
  signal: AbortSignal,
): Promise<Producer> {
  try {
    return await untilAvailable(
      { log: deps.log, signal },
      {
        part: "Kafka (publishing)",
        attempt: async () => {
          const fresh = deps.kafka.producer({
            idempotent: false,
            allowAutoTopicCreation: false,
            createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
            retry: { retries: 0 },
          });
          await withDeadline(fresh.connect());
          return fresh;
        },
      },
    );
  } catch (cause) {
    throw new PaymentError("KAFKA_UNAVAILABLE", "retry", "Stopped before Kafka was reached.", {
      cause,
    });
  }
}

/** A repeated offset means that the broker answered for another batch: ours was swallowed. */
function assertOffsetsRise(
  lastOffsets: Map<string, bigint>,
  answers: readonly RecordMetadata[],
): void {
  for (const { topicName, partition, baseOffset } of answers) {
    const key = `${topicName}/${partition}`;
    const offset = BigInt(baseOffset ?? -1);
    const last = lastOffsets.get(key) ?? -1n;
    if (offset <= last) throw new Error(`${key} answered offset ${offset} after ${last}`);
    lastOffsets.set(key, offset);
  }
}

async function withDeadline<T>(work: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${SEND_DEADLINE_MS} ms`));
  }, SEND_DEADLINE_MS);
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
