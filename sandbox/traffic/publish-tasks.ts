import { setTimeout as delay } from "node:timers/promises";
import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel, type Message } from "kafkajs";
import { frame, readSchema } from "./avro.ts";
import type { Directory } from "./directory.ts";
import { createTaskMaker } from "./make-tasks.ts";
import { openLoop } from "./open-loop.ts";
import { taskKey, type Ledger, type PublishedTask } from "./ledger.ts";

export interface TrafficDeps {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly directory: Directory;
  readonly ledger: Ledger;
  /** The fee that the service is set to, in percent of the amount times 10,000 (2.5 % is 25_000n). */
  readonly feeRate: bigint;
}

export interface Traffic {
  /**
   * Publishes `count` new tasks at `ratePerSecond`, open loop: neither a slow service nor a slow Kafka moves the times at
   * which the platforms' tasks were done. Fewer if the signal aborts.
   */
  publish(
    count: number,
    ratePerSecond: number,
    onPublished?: (task: PublishedTask) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** A new task, which is published by nobody yet: for whoever reports it by another road. */
  newTask(occurredAtMs: number): PublishedTask;
  /** Publishes these, at once, in one send. */
  publishThese(tasks: readonly PublishedTask[]): Promise<void>;
  /** Publishes again, byte for byte, events that were published before. */
  publishAgain(count: number): Promise<number>;
  stop(): Promise<void>;
}

/** A platform keeps its events until Kafka has taken them; a broker that stays away longer than this is a broken test. */
const SEND_WITHIN_MS = 60_000;
const SEND_AGAIN_MS = 100;

async function sendOutlasting(send: () => Promise<unknown>): Promise<void> {
  const deadlineMs = Date.now() + SEND_WITHIN_MS;
  for (;;) {
    try {
      await send();
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
    }
    await delay(SEND_AGAIN_MS);
  }
}

/** The platforms: real Avro, real registry, a ledger of their own. */
export async function connectTraffic(deps: TrafficDeps): Promise<Traffic> {
  const { type, text } = readSchema("task.completed.v1");
  const registry = new SchemaRegistry({ host: deps.registryUrl });
  const { id: schemaId } = await registry.register(
    { type: SchemaType.AVRO, schema: text },
    { subject: `${deps.topic}-value`, compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE },
  );
  const kafka = new Kafka({
    clientId: "platforms",
    brokers: [...deps.brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 10, initialRetryTime: 100 },
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const sent = new Map<string, Message>();
  const newTask = createTaskMaker(deps.directory, deps.feeRate);
  const encode = (task: PublishedTask): Message => ({
    key: task.workerId,
    value: frame(
      schemaId,
      type.toBuffer({ ...task, occurredAt: task.occurredAtMs, idempotencyKey: null }),
    ),
    headers: { "event-id": task.eventId, "content-type": "avro/binary" },
  });
  const sendTasks = async (tasks: readonly PublishedTask[]): Promise<void> => {
    const messages = tasks.map(encode);
    // Recorded before it is sent: a task whose acknowledgement was lost is still owed.
    for (const [i, task] of tasks.entries()) {
      deps.ledger.record(task);
      const message = messages[i];
      if (message) sent.set(taskKey(task), message);
    }
    await sendOutlasting(() => producer.send({ topic: deps.topic, messages, acks: -1 }));
  };

  return {
    newTask,
    publishThese: sendTasks,
    async publish(count, ratePerSecond, onPublished, signal) {
      const publishDue = async (due: readonly number[]) => {
        const tasks = due.map(newTask);
        await sendTasks(tasks);
        for (const task of tasks) onPublished?.(task);
      };
      await openLoop(count, ratePerSecond, publishDue, signal);
    },
    async publishAgain(count) {
      const messages = [...sent.values()].slice(0, count);
      if (messages.length > 0) await producer.send({ topic: deps.topic, messages, acks: -1 });
      return messages.length;
    },
    async stop() {
      await producer.disconnect();
    },
  };
}
