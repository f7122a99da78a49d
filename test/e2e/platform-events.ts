import { Kafka, logLevel, type Message } from "kafkajs";
import { frame, readSchema } from "../../sandbox/traffic/avro.ts";
import type { World } from "./world.ts";

/** A `task.completed` as a platform thinks of it. */
export interface TaskEvent {
  readonly eventId: string;
  readonly platformId: string;
  readonly taskId: string;
  readonly workerId: string;
  /** Micro-units. */
  readonly amount: bigint;
  readonly currency: string;
  readonly idempotencyKey: string | null;
}

/** The platforms' side of Kafka: real Avro, real registry, and none of the service's code. */
export interface PlatformEvents extends AsyncDisposable {
  /** All in one send, keyed by worker. */
  readonly publish: (...events: readonly TaskEvent[]) => Promise<void>;
  readonly encode: (event: TaskEvent) => Message;
  /** All in one send, so that what goes to the same partition is one batch. */
  readonly send: (messages: readonly Message[]) => Promise<void>;
  /** Registers a schema under a subject and answers its id. */
  readonly register: (subject: string, schemaText: string) => Promise<number>;
}

export async function connectPlatforms({ parts, topics }: World): Promise<PlatformEvents> {
  const { type, text } = readSchema("task.completed.v1");
  const register = (subject: string, schemaText: string) =>
    registerSchema(parts.registryUrl, subject, schemaText);
  const schemaId = await register(`${topics.tasks}-value`, text);
  const kafka = new Kafka({
    clientId: "platforms",
    brokers: [...parts.brokers],
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const encode = (event: TaskEvent): Message => ({
    key: event.workerId,
    value: frame(schemaId, type.toBuffer({ ...event, occurredAt: Date.now() })),
    headers: { "event-id": event.eventId, "content-type": "avro/binary" },
  });
  const send = async (messages: readonly Message[]) => {
    await producer.send({ topic: topics.tasks, messages: [...messages], acks: -1 });
  };
  return {
    register,
    encode,
    send,
    publish: (...events) => send(events.map(encode)),
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}

async function registerSchema(
  registryUrl: string,
  subject: string,
  schema: string,
): Promise<number> {
  const answer = await fetch(`${registryUrl}/subjects/${subject}/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema }),
  });
  if (!answer.ok) throw new Error(`the registry refused ${subject}: ${await answer.text()}`);
  const { id } = (await answer.json()) as { id: number };
  return id;
}
