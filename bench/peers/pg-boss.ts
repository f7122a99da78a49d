/**
 * pg-boss 12: the tasks of a Kafka batch become jobs with one `insert`, a job's id being its payment's, so that a batch
 * delivered again adds nothing (https://pgboss.io/api/jobs, "insert"). Workers take the jobs in batches, without a pause
 * while batches are full, and are woken by NOTIFY (https://pgboss.io/api/workers, "batchSize", "burstWhenBatchFull",
 * "localConcurrency"; https://pgboss.io/api/queues, "notify"). A handler of a batch is all or nothing, and is written with
 * one statement per step for the whole batch. What a killed worker held is given out again when its heartbeat is missed:
 * ten seconds, the least that pg-boss allows ("heartbeatSeconds"), looked for every second.
 */
import { PgBoss } from "pg-boss";
import { openParts, sayReady } from "./job/parts.ts";
import { accept, orderOf, settle } from "./job/payments.ts";
import { CONSUMER, DATABASE_URL, topics } from "./job/settings.ts";
import { decodeTask, type Task } from "./job/task.ts";

const QUEUE = "pay";
const BATCH_MAX = 500;
const WORKERS = 6;

const { kafka, pool, provider, outcomes } = await openParts();
const boss = new PgBoss({
  connectionString: DATABASE_URL,
  max: 20,
  useListenNotify: true,
  monitorIntervalSeconds: 1,
  superviseIntervalSeconds: 1,
});
boss.on("error", (error) => process.stderr.write(`${String(error)}\n`));
await boss.start();
await boss.createQueue(QUEUE, {
  notify: true,
  retryLimit: 20,
  retryDelay: 1,
  heartbeatSeconds: 10,
});
await boss.work<Task>(
  QUEUE,
  {
    batchSize: BATCH_MAX,
    localConcurrency: WORKERS,
    burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 0.5,
  },
  async (jobs) => {
    const payments = await accept(
      pool,
      jobs.map(({ data }) => data),
    );
    const transfers = await provider.pay(payments.map(orderOf));
    await outcomes.publish(await settle(pool, payments, transfers));
  },
);

const consumer = kafka.consumer(CONSUMER);
await consumer.connect();
await consumer.subscribe({ topic: topics.TOPIC_TASK_COMPLETED, fromBeginning: true });
await consumer.run({
  async eachBatch(payload) {
    const { batch } = payload;
    for (let from = 0; from < batch.messages.length; from += BATCH_MAX) {
      const part = batch.messages.slice(from, from + BATCH_MAX);
      const tasks = part.map(({ value }) => decodeTask(value ?? Buffer.alloc(0)));
      await boss.insert(
        QUEUE,
        tasks.map((data) => ({ id: data.paymentId, data })),
      );
      payload.resolveOffset(part.at(-1)?.offset ?? batch.lastOffset());
      await payload.heartbeat();
    }
  },
});
sayReady();
