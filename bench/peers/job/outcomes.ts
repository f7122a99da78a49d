import { setImmediate as turn } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import { z } from "zod";
import { frame, readSchema } from "../../../sandbox/traffic/avro.ts";
import { SCHEMA_REGISTRY_URL, topics } from "./settings.ts";
import type { Settled } from "./payments.ts";
import { parseMicros, uuidOf } from "./task.ts";

const { type, text } = readSchema("payment.completed.v1");
const TOPIC = topics.TOPIC_PAYMENT_COMPLETED;
const CHAIN_ID = 5_042_002;

export interface Outcomes {
  /** Resolves when Kafka has acknowledged the `payment.completed` of each. */
  publish(payments: readonly Settled[]): Promise<void>;
}

/**
 * Publishes for all peers alike: what comes in while a send is under way goes out with the next one, since one send per
 * event is many times dearer.
 */
export async function connectOutcomes(kafka: Kafka): Promise<Outcomes> {
  const schemaId = await register();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  let waiting: Settled[] = [];
  let next: Promise<unknown> | undefined;
  let sending: Promise<unknown> = Promise.resolve();
  const send = async () => {
    await sending.catch(() => undefined);
    await turn();
    const payments = waiting;
    waiting = [];
    next = undefined;
    const messages = payments.map((payment) => ({
      key: payment.workerId,
      value: frame(schemaId, type.toBuffer(eventOf(payment))),
    }));
    sending = producer.send({ topic: TOPIC, messages, acks: -1 });
    await sending;
  };
  return {
    async publish(payments) {
      waiting.push(...payments);
      next ??= send();
      await next;
    },
  };
}

async function register(): Promise<number> {
  const answer = await fetch(`${SCHEMA_REGISTRY_URL}/subjects/${TOPIC}-value/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schemaType: "AVRO", schema: text }),
  });
  return z.object({ id: z.int() }).parse(await answer.json()).id;
}

function eventOf(payment: Settled) {
  const { id, amount, fee, netAmount, settledAtMs, occurredAtMs } = payment;
  return {
    ...payment,
    eventId: uuidOf("completed", id),
    paymentId: id,
    generation: 1,
    occurredAt: settledAtMs,
    amount: parseMicros(amount),
    fee: parseMicros(fee),
    netAmount: parseMicros(netAmount),
    rail: "arc",
    chainId: CHAIN_ID,
    blockNumber: 0,
    logIndex: 0,
    circleTransactionId: null,
    attempts: 1,
    latencyMs: Math.max(0, Math.round(settledAtMs - occurredAtMs)),
  };
}
