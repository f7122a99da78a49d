import type { Consumer, Kafka } from "kafkajs";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startKafka, type Kafka as Broker } from "../../../sandbox/kafka/start-kafka.ts";
import { createTopic } from "../../support/create-topic.ts";
import { openKafkaBox, type KafkaBox } from "./kafka-box.ts";
import {
  commitOffsets,
  emptyGroup,
  logOffsets,
  recreateTopic,
  republish,
  withAdmin,
} from "./kafka-operations.ts";
import { joinGroup } from "./second-member.ts";

const running = new AsyncDisposableStack();
let broker: Broker;
let box: KafkaBox;
let boxed: Kafka;
let topics = 0;

beforeAll(async () => {
  broker = await startKafka();
  running.defer(() => broker.stop());
  box = running.use(await openKafkaBox(Number(broker.brokers[0]?.split(":")[1])));
  boxed = new kafkajs.Kafka({
    clientId: "boxed",
    brokers: [...box.brokers],
    requestTimeout: 400,
    enforceRequestTimeout: true,
    logLevel: kafkajs.logLevel.NOTHING,
  });
});
afterAll(() => running.disposeAsync());

async function newTopic(numPartitions = 1): Promise<string> {
  const topic = `topic-${(topics += 1)}`;
  await withAdmin(broker.brokers, (admin) => createTopic(admin, { topic, numPartitions }));
  return topic;
}

/** Sends by way of the box, with a producer that tries once. */
async function send(topic: string, ...values: string[]): Promise<"acknowledged" | Error> {
  const producer = boxed.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
    return "acknowledged";
  } catch (error) {
    return error as Error;
  } finally {
    await producer.disconnect();
  }
}

async function lengthOf(topic: string): Promise<number> {
  const { end } = await logOffsets(broker.brokers, topic);
  return end.reduce((sum, { offset }) => sum + Number(offset), 0);
}

test("a client that is pointed at the box stays on it", async () => {
  const topic = await newTopic();
  const admin = boxed.admin();
  await admin.connect();
  const { brokers } = await admin.describeCluster();
  await admin.disconnect();
  expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(box.brokers);
  expect(await send(topic, "a")).toBe("acknowledged");
});

test("cut before the broker saw it, nothing is appended", async () => {
  const topic = await newTopic();
  const cut = box.strikeProduce({ at: "before", times: 1 });
  expect(await send(topic, "a")).toBeInstanceOf(Error);
  expect(cut.struck()).toBe(1);
  expect(await lengthOf(topic)).toBe(0);
});

test("with the answer lost, the records are appended and the producer knows nothing", async () => {
  const topic = await newTopic();
  const lost = box.strikeProduce({ at: "unanswered", times: 1 });
  expect(await send(topic, "a", "b")).toBeInstanceOf(Error);
  expect(lost.struck()).toBe(1);
  expect(await lengthOf(topic)).toBe(2);
});

test("answered after the producer's time-out, the records are appended all the same", async () => {
  const topic = await newTopic();
  const late = box.strikeProduce({ at: "late", holdMs: 1_000, times: 1 });
  expect(await send(topic, "a")).toMatchObject({
    message: expect.stringMatching(/Produce.*timed out/),
  });
  expect(late.struck()).toBe(1);
  expect(await lengthOf(topic)).toBe(1);
});

test("a second member takes a share of the group's partitions, and the first is told", async () => {
  const topic = await newTopic(2);
  const group = { groupId: "shared", topic };
  await using consumer = await runConsumer(group);
  await consumer.assigned(2);
  const before = box.rebalancesTold();
  const second = await joinGroup(broker.brokers, group);
  expect(second.partitions).toBe(1);
  await consumer.assigned(1);
  expect(box.rebalancesTold()).toBeGreaterThan(before);
  await second.leave();
  await consumer.assigned(2);
});

test("a group can be emptied while its members are cut off, and its offsets set", async () => {
  const topic = await newTopic();
  await send(topic, "a", "b", "c");
  const group = { groupId: "moved", topic };
  await using consumer = await runConsumer(group);
  await consumer.assigned(1);
  await box.refuse();
  await emptyGroup(broker.brokers, group.groupId);
  await commitOffsets(broker.brokers, group, [{ partition: 0, offset: "2" }]);
  await box.mend();
  const [held] = await withAdmin(broker.brokers, (admin) =>
    admin.fetchOffsets({ groupId: group.groupId, topics: [topic] }),
  );
  expect(held?.partitions).toMatchObject([{ partition: 0, offset: "2" }]);
});

test("records published again are the same bytes once more", async () => {
  const topic = await newTopic(2);
  await send(topic, "a", "b", "c");
  expect(await republish(broker.brokers, topic)).toBe(3);
  expect(await lengthOf(topic)).toBe(6);
});

test("a topic made anew has its records again, from offset 0", async () => {
  const topic = await newTopic(2);
  await send(topic, "a", "b", "c");
  await republish(broker.brokers, topic);
  const everything = [0, 1].map((partition) => ({ partition, offset: "-1" }));
  await withAdmin(broker.brokers, async (admin) => {
    await admin.fetchTopicMetadata({ topics: [topic] });
    await admin.deleteTopicRecords({ topic, partitions: everything });
  });
  await send(topic, "d");
  expect(await lengthOf(topic)).toBe(7);
  expect(await recreateTopic(broker.brokers, topic)).toBe(1);
  expect(await lengthOf(topic)).toBe(1);
});

interface WatchedConsumer extends AsyncDisposable {
  /** Resolves when it holds that many partitions. */
  assigned(count: number): Promise<void>;
}

async function runConsumer({
  groupId,
  topic,
}: {
  groupId: string;
  topic: string;
}): Promise<WatchedConsumer> {
  const consumer: Consumer = boxed.consumer({
    groupId,
    heartbeatInterval: 100,
    maxWaitTimeInMs: 50,
    sessionTimeout: 6_000,
  });
  let held = -1;
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    held = payload.memberAssignment[topic]?.length ?? 0;
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: (batch) => batch.heartbeat(),
  });
  return {
    async assigned(count) {
      await expect.poll(() => held, { timeout: 10_000 }).toBe(count);
    },
    [Symbol.asyncDispose]: () => consumer.disconnect(),
  };
}
