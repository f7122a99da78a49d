import { directKafka } from "./kafka-operations.ts";

/** A second member of a group, which takes partitions, reads nothing of them, commits nothing, and leaves again. */
export interface SecondMember {
  /** How many partitions it was given. */
  readonly partitions: number;
  leave(): Promise<void>;
}

/** Joins; resolves when the group has given it its share. */
export async function joinGroup(
  brokers: readonly string[],
  { groupId, topic }: { readonly groupId: string; readonly topic: string },
): Promise<SecondMember> {
  const consumer = directKafka(brokers, "second-member").consumer({
    groupId,
    sessionTimeout: 6_000,
    heartbeatInterval: 100,
    maxWaitTimeInMs: 50,
    rebalanceTimeout: 10_000,
  });
  const joined = Promise.withResolvers<number>();
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
    joined.resolve(payload.memberAssignment[topic]?.length ?? 0),
  );
  consumer.on(consumer.events.CRASH, ({ payload }) => joined.reject(payload.error));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => {} });
  return { partitions: await joined.promise, leave: () => consumer.disconnect() };
}
