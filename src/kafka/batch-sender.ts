import { setTimeout as delay } from "node:timers/promises";
import kafkajs from "kafkajs";
import type { ICustomPartitioner, Kafka, Producer, RecordMetadata, TopicMessages } from "kafkajs";
import type { Logger } from "pino";
import { PaymentError } from "../errors.ts";
import { failpoint } from "../failpoint.ts";
import { untimed, type TimeCall } from "../metrics/time-calls.ts";
import { reasonOf, untilAvailable } from "./until-available.ts";

/** Records of ours that lie in a partition, one behind the other. */
export interface Acknowledged {
  readonly topic: string;
  readonly partition: number;
  /** From this offset to the one before `to`. */
  readonly from: bigint;
  readonly to: bigint;
}

export interface BatchSender {
  /** One `sendBatch`; the errors of `Publisher.publish`. Connects first, waiting until Kafka is there. */
  readonly send: (
    topicMessages: TopicMessages[],
    signal: AbortSignal,
  ) => Promise<readonly Acknowledged[]>;
  readonly disconnect: () => Promise<void>;
}

const BROKER_ACK_TIMEOUT_MS = 10_000;
/** Above the client's own request time-out: it only ends what kafkajs forgot. */
const SEND_DEADLINE_MS = 30_000;
const DISCONNECT_DEADLINE_MS = 3_000;

export interface BatchSenderDeps {
  readonly kafka: Kafka;
  readonly log: Logger;
  /** Absent: nobody measures. */
  readonly timeCall?: TimeCall;
}

/**
 * Not kafkajs's idempotent producer: after a time-out that one can acknowledge the next batch with the lost one's
 * offset and never write it. Instead: no retry inside kafkajs, offsets that must rise for as long as a producer
 * lives, and after any error the producer is thrown away.
 */
export function createBatchSender(deps: BatchSenderDeps): BatchSender {
  const { timeCall = untimed } = deps;
  let producer: Producer | undefined;
  let lastOffsets = new Map<string, bigint>();
  const placed = countPlaced();
  return { send, disconnect };

  async function send(
    topicMessages: TopicMessages[],
    signal: AbortSignal,
  ): Promise<readonly Acknowledged[]> {
    producer ??= await connectProducer(deps, placed.partitioner, signal);
    placed.startAnew();
    try {
      const batch = { acks: -1, timeout: BROKER_ACK_TIMEOUT_MS, topicMessages };
      const sending = producer;
      const answer = timeCall("produce", () => withDeadline(sending.sendBatch(batch)));
      const [answers] = await Promise.all([answer, failpoint("relay.bytes_left")]);
      assertOffsetsRise(lastOffsets, answers);
      return answers.map(({ topicName: topic, partition, baseOffset }) => {
        const from = BigInt(baseOffset ?? -1);
        return { topic, partition, from, to: from + placed.countOf(topic, partition) };
      });
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

/** Kafka answers where a batch begins; how many of its records a partition got, only the partitioner hears. */
function countPlaced() {
  let counts = new Map<string, bigint>();
  const partitioner: ICustomPartitioner = () => {
    const place = kafkajs.Partitioners.DefaultPartitioner();
    return (record) => {
      const partition = place(record);
      const key = `${record.topic}/${partition}`;
      counts.set(key, (counts.get(key) ?? 0n) + 1n);
      return partition;
    };
  };
  return {
    partitioner,
    startAnew(): void {
      counts = new Map();
    },
    countOf: (topic: string, partition: number) => counts.get(`${topic}/${partition}`) ?? 0n,
  };
}

async function connectProducer(
  deps: { kafka: Kafka; log: Logger },
  createPartitioner: ICustomPartitioner,
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
            createPartitioner,
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
