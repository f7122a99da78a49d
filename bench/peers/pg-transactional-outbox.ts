/**
 * pg-transactional-outbox: the Kafka consumer stores each task in the inbox, a handler pays it in the transaction that marks
 * the message as handled and stores the event in the outbox, and the outbox's listener publishes it: the library's own
 * picture, "Implementing the transactional inbox consumer" and "… outbox producer" of its README
 * (https://github.com/Zehelein/pg-transactional-outbox). Polling listeners, which the README advises where more than one
 * instance is to run and the server's WAL is to be left as it is. Raised from their defaults: messages in work at once from
 * 5 to 60 (each holds a connection for as long as the provider takes), the pause between polls from 500 to 50 ms.
 */
import { Client } from "pg";
import {
  DatabaseSetup,
  IsolationLevel,
  executeTransaction,
  getDisabledLogger,
  initializeMessageStorage,
  initializePollingMessageListener,
  type OutboxOrInbox,
  type PollingListenerConfig,
} from "pg-transactional-outbox";
import { openParts, sayReady } from "./job/parts.ts";
import { accept, orderOf, settle, type Settled } from "./job/payments.ts";
import { CONSUMER, DATABASE_URL, topics } from "./job/settings.ts";
import { decodeTask, type Task } from "./job/task.ts";

const IN_WORK_MAX = 60;
const POLL_MS = 50;
const LOCK_MS = 5_000;

const { kafka, pool, provider, outcomes } = await openParts();
const logger = getDisabledLogger();

function listenerConfig(table: OutboxOrInbox): PollingListenerConfig {
  const connection = { connectionString: DATABASE_URL, max: IN_WORK_MAX };
  return {
    outboxOrInbox: table,
    dbListenerConfig: connection,
    dbHandlerConfig: connection,
    settings: {
      dbSchema: "public",
      dbTable: table,
      // As the README advises: a handler's message may be poisonous, a publisher's is not.
      enableMaxAttemptsProtection: table === "inbox",
      enablePoisonousMessageProtection: table === "inbox",
      nextMessagesBatchSize: IN_WORK_MAX,
      nextMessagesFunctionName: `next_${table}_messages`,
      nextMessagesPollingIntervalInMs: POLL_MS,
      nextMessagesLockInMs: LOCK_MS,
    },
  };
}
const inbox = listenerConfig("inbox");
const outbox = listenerConfig("outbox");
await setUp("inbox");
await setUp("outbox");
const storeInInbox = initializeMessageStorage(inbox, logger);
const storeInOutbox = initializeMessageStorage(outbox, logger);

initializePollingMessageListener(
  outbox,
  { handle: ({ payload }) => outcomes.publish([payload as Settled]) },
  logger,
  { batchSizeStrategy: async () => IN_WORK_MAX },
);
initializePollingMessageListener(
  inbox,
  {
    async handle({ payload }, client) {
      const [payment] = await accept(client, [payload as Task]);
      if (!payment) return;
      const transfers = await provider.pay([orderOf(payment)]);
      const [settled] = await settle(client, [payment], transfers);
      const head = { id: payment.id, aggregateType: "payment", aggregateId: payment.id };
      await storeInOutbox(
        { ...head, messageType: "completed", concurrency: "parallel", payload: settled },
        client,
      );
    },
  },
  logger,
  {
    // The default takes one message a time until it has polled as often as its batch is long.
    batchSizeStrategy: async () => IN_WORK_MAX,
    messageProcessingTransactionLevelStrategy: () => IsolationLevel.ReadCommitted,
  },
);

const consumer = kafka.consumer(CONSUMER);
await consumer.connect();
await consumer.subscribe({ topic: topics.TOPIC_TASK_COMPLETED, fromBeginning: true });
await consumer.run({
  async eachBatch(payload) {
    const { batch } = payload;
    const tasks = batch.messages.map(({ value }) => decodeTask(value ?? Buffer.alloc(0)));
    await executeTransaction(
      await pool.connect(),
      async (client) => {
        for (const task of tasks) {
          const head = { id: task.paymentId, aggregateType: "task", aggregateId: task.taskId };
          await storeInInbox(
            { ...head, messageType: "completed", concurrency: "parallel", payload: task },
            client,
          );
        }
      },
      IsolationLevel.ReadCommitted,
    );
    await payload.heartbeat();
  },
});
sayReady();

/** The library's own script for its table, its function and its indexes; it drops what is there, so only the first time. */
async function setUp(table: OutboxOrInbox): Promise<void> {
  const { rows } = await pool.query<{ there: boolean }>(
    `SELECT to_regclass('public.${table}') IS NOT NULL AS there`,
  );
  if (rows[0]?.there === true) return;
  const { username, pathname } = new URL(DATABASE_URL);
  const setup = {
    outboxOrInbox: table,
    database: pathname.slice(1),
    schema: "public",
    table,
    listenerRole: username,
    handlerRole: username,
    nextMessagesName: `next_${table}_messages`,
  };
  const client = new Client({ connectionString: DATABASE_URL });
  await client.connect();
  await client.query(DatabaseSetup.dropAndCreateTable(setup));
  await client.query(DatabaseSetup.createPollingFunction(setup));
  await client.query(DatabaseSetup.setupPollingIndexes(setup));
  await client.end();
}
