import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Kafka, logLevel, type Admin, type KafkaMessage, type Message } from "kafkajs";
import { commitError, commitOffset, leaveGroup } from "./kafka-messages.ts";

const TRIES_MAX = 100;
const AGAIN_MS = 50;
const READ_TIMEOUT_MS = 20_000;

/** One partition's next offset. */
export interface PartitionOffset {
  readonly partition: number;
  readonly offset: string;
}

/** A client that goes straight to the broker. */
export function directKafka(brokers: readonly string[], clientId = "fault"): Kafka {
  return new Kafka({ clientId, brokers: [...brokers], logLevel: logLevel.NOTHING });
}

export async function withAdmin<T>(
  brokers: readonly string[],
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = directKafka(brokers).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Throws every member out of the group until it is empty. Members that can reach the broker come back at once. */
export async function emptyGroup(brokers: readonly string[], groupId: string): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      const { groups } = await admin.describeGroups([groupId]);
      const [group] = groups;
      if (group === undefined || group.state === "Empty" || group.state === "Dead") return;
      for (const { memberId } of group.members) {
        await ask(brokers, leaveGroup(groupId, memberId));
      }
      await delay(AGAIN_MS);
    }
    throw new Error(`${groupId} is never empty`);
  });
}

/** Sets what the group has committed; it must be empty. */
export async function commitOffsets(
  brokers: readonly string[],
  group: { readonly groupId: string; readonly topic: string },
  partitions: readonly PartitionOffset[],
): Promise<void> {
  for (const { partition, offset } of partitions) {
    const request = commitOffset(group.groupId, group.topic, { partition, offset: BigInt(offset) });
    const code = commitError(await ask(brokers, request));
    if (code !== 0) throw new Error(`offset of ${group.topic}/${partition} not set: ${code}`);
  }
}

/** Where each partition of the topic begins and ends. */
export async function logOffsets(
  brokers: readonly string[],
  topic: string,
): Promise<{
  readonly begin: readonly PartitionOffset[];
  readonly end: readonly PartitionOffset[];
}> {
  const offsets = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic));
  return {
    begin: offsets.map(({ partition, low: offset }) => ({ partition, offset })),
    end: offsets.map(({ partition, high: offset }) => ({ partition, offset })),
  };
}

/** Publishes every record of the topic once more, byte for byte; answers how many. */
export async function republish(brokers: readonly string[], topic: string): Promise<number> {
  const messages = await readAll(brokers, topic);
  await publish(brokers, topic, messages);
  return messages.length;
}

/** The topic with the same name, partitions and records, but its offsets from the start again; answers how many records. */
export async function recreateTopic(brokers: readonly string[], topic: string): Promise<number> {
  const messages = await readAll(brokers, topic);
  await withAdmin(brokers, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const numPartitions = topics[0]?.partitions.length ?? 1;
    await admin.deleteTopics({ topics: [topic] });
    await until(`${topic} is gone`, async () => !(await admin.listTopics()).includes(topic));
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions }] });
    await until(`${topic} has leaders`, async () => {
      // Only a leader tells a partition's offsets.
      const offsets = await admin.fetchTopicOffsets(topic).catch(() => []);
      return offsets.length === numPartitions;
    });
  });
  await publish(brokers, topic, messages);
  return messages.length;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    if (await holds()) return;
    await delay(AGAIN_MS);
  }
  throw new Error(`not in time: ${what}`);
}

async function publish(
  brokers: readonly string[],
  topic: string,
  messages: readonly Message[],
): Promise<void> {
  if (messages.length === 0) return;
  const producer = directKafka(brokers).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [...messages], acks: -1 });
  } finally {
    await producer.disconnect();
  }
}

/** All records up to where the topic ends now, each with its partition. */
async function readAll(brokers: readonly string[], topic: string): Promise<Message[]> {
  const { begin, end } = await logOffsets(brokers, topic);
  const missing = new Map(
    end
      .filter(({ partition, offset }) =>
        begin.some((at) => at.partition === partition && at.offset !== offset),
      )
      .map(({ partition, offset }) => [partition, BigInt(offset)]),
  );
  const messages: Message[] = [];
  if (missing.size === 0) return messages;
  const consumer = directKafka(brokers).consumer({
    groupId: `fault-${randomUUID()}`,
    maxWaitTimeInMs: 50,
  });
  const { promise: complete, resolve } = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    async eachMessage({ partition, message }) {
      const until = missing.get(partition);
      if (until === undefined) return;
      if (BigInt(message.offset) < until) messages.push(copyOf(message, partition));
      if (BigInt(message.offset) + 1n >= until) missing.delete(partition);
      if (missing.size === 0) resolve();
    },
  });
  const late = delay(READ_TIMEOUT_MS, "late" as const, { ref: false });
  const outcome = await Promise.race([complete, late]);
  await consumer.disconnect();
  if (outcome === "late") throw new Error(`${topic} was not read to its end`);
  return messages;
}

function copyOf({ key, value, headers }: KafkaMessage, partition: number): Message {
  return { key, value, partition, ...(headers && { headers }) };
}

/** Sends one request to the one broker and waits for its answer, which is short. */
async function ask(brokers: readonly string[], request: Buffer): Promise<Buffer> {
  const [, port] = (brokers[0] ?? "").split(":");
  const socket = connect(Number(port), "127.0.0.1");
  try {
    socket.write(request);
    const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
    const [answer] = (await once(socket, "data", { signal })) as [Buffer];
    return answer;
  } finally {
    socket.destroy();
  }
}
