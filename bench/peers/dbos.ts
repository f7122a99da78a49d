/**
 * DBOS Transact: its own receiver makes a workflow of every Kafka message, enqueued in batches
 * (https://docs.dbos.dev/typescript/tutorials/externalmessages and the README of @dbos-inc/kafkajs-receive, "Batching").
 * Each effect is a step (https://docs.dbos.dev/typescript/tutorials/step-tutorial), so that what a killed process had done
 * is not done again. The workflows wait in a queue of their own with a limit per process
 * (https://docs.dbos.dev/typescript/tutorials/queue-tutorial), polled ten times as often as by default.
 */
import { KafkaReceiver } from "@dbos-inc/kafkajs-receive";
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { KafkaMessage } from "kafkajs";
import { kafkaConfig, openParts, sayReady } from "./job/parts.ts";
import { accept, orderOf, settle } from "./job/payments.ts";
import { CONSUMER, DATABASE_URL, topics } from "./job/settings.ts";
import { decodeTask } from "./job/task.ts";

const QUEUE = "pay";
const WORKFLOWS_MAX = 1_000;
const POLL_MS = 100;
/** A workflow commits some twenty times: with more connections more of them share a write to the disk. */
const CONNECTIONS = 50;

const { pool, provider, outcomes } = await openParts();

async function pay(_topic: string, _partition: number, message: KafkaMessage): Promise<void> {
  const task = decodeTask(message.value ?? Buffer.alloc(0));
  const [payment] = await DBOS.runStep(() => accept(pool, [task]), { name: "accept" });
  if (!payment) return;
  const transfers = await DBOS.runStep(
    async () => (await provider.pay([orderOf(payment)])).map(({ id }) => ({ id })),
    { name: "pay" },
  );
  const settled = await DBOS.runStep(() => settle(pool, [payment], transfers), { name: "settle" });
  await DBOS.runStep(() => outcomes.publish(settled), { name: "publish" });
}

DBOS.setConfig({
  name: "peer",
  systemDatabaseUrl: DATABASE_URL,
  systemDatabasePoolSize: CONNECTIONS,
  logLevel: "warn",
});
const receiver = new KafkaReceiver(kafkaConfig);
receiver.registerConsumer(
  DBOS.registerWorkflow(pay, { name: "pay" }),
  topics.TOPIC_TASK_COMPLETED,
  {
    config: CONSUMER,
    queueName: QUEUE,
  },
);
await DBOS.launch();
await DBOS.registerQueue(QUEUE, {
  workerConcurrency: WORKFLOWS_MAX,
  minPollingIntervalMs: POLL_MS,
});
sayReady();
