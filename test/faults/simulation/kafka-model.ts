import type { Admin, Consumer, EachBatchPayload, Kafka, Producer, TopicMessages } from "kafkajs";
import type { Network } from "./network.ts";
import type { SimProcess } from "./process.ts";
import { createTopicReader, type ModelRecord } from "./read-topics.ts";
import { bound } from "./virtual-time.ts";

/** A consumer of the group as the broker and kafkajs together see it. */
export interface Member {
  readonly process: SimProcess;
  readonly partitions: readonly number[];
  /** Delivers the next records of a partition to the service, unless it is busy with some or there are none. */
  fetch(partition: number, recordsMax: number): boolean;
  rejoin(partitions: readonly number[]): void;
  /** kafkajs fetches ten times a second, whether there is anything or not. */
  poll(): void;
  /** Its heartbeats are refused from now on: the group has gone on without it. */
  expel(): void;
}

export interface KafkaModel {
  readonly topic: string;
  readonly partitions: number;
  /** The input topic, partition by partition. */
  log(partition: number): readonly ModelRecord[];
  /** What was published, topic by topic, in order. */
  readonly published: Map<string, ModelRecord[]>;
  /** The group's committed offsets. */
  readonly committed: Map<number, bigint>;
  readonly members: ReadonlySet<Member>;
  append(partition: number, record: Omit<ModelRecord, "offset">): void;
  /** The topic made anew, with these records. */
  recreate(logs: readonly (readonly ModelRecord[])[]): void;
  leave(process: SimProcess): void;
  client(process: SimProcess): Kafka;
}

type Listener = (event: { payload: unknown }) => void;

export function createKafka(
  parts: {
    readonly network: Network;
    readonly topic: string;
    readonly groupId: string;
    readonly partitions: number;
    readonly nowMs: () => number;
  },
  onJoin: (member: Member) => void,
): KafkaModel {
  const { network, topic, partitions, nowMs } = parts;
  let logs: ModelRecord[][] = Array.from({ length: partitions }, () => []);
  const published = new Map<string, ModelRecord[]>();
  const committed = new Map<number, bigint>();
  const members = new Set<Member>();
  const log = (partition: number) => logs[partition] ?? [];
  const model: KafkaModel = {
    topic,
    partitions,
    log,
    published,
    committed,
    members,
    append: (partition, record) => {
      const records = log(partition);
      records.push({ ...record, offset: String(records.length) });
    },
    recreate(fresh) {
      logs = fresh.map((records) => records.map((one, i) => ({ ...one, offset: String(i) })));
    },
    leave(process) {
      for (const member of members) if (member.process === process) members.delete(member);
    },
    client: (process) =>
      ({
        consumer: ({ groupId }: { groupId: string }) =>
          groupId === parts.groupId ? consumerOf(process) : readerOf(process),
        admin: () => adminOf(process),
        producer: () => producerOf(process),
      }) as unknown as Kafka,
  };
  return model;

  function call<T>(process: SimProcess, what: string, isWrite: boolean, effect: () => T) {
    const unanswered = () => new Error("Request timed out");
    return network.call(process, { what, isWrite, effect, unanswered });
  }

  function readerOf(process: SimProcess): Consumer {
    return createTopicReader((name) =>
      call(process, "read own topics", false, () => [...(published.get(name) ?? [])]),
    );
  }

  function consumerOf(process: SimProcess): Consumer {
    const listeners = new Map<string, Listener[]>();
    const positions = new Map<number, bigint>();
    const seeks = new Map<number, bigint>();
    const busy = new Set<number>();
    let assigned: readonly number[] = [];
    let isExpelled = false;
    let eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined;
    const emit = (name: string, payload: unknown) => {
      for (const listener of listeners.get(name) ?? []) listener({ payload });
    };
    const member: Member = {
      process,
      get partitions() {
        return assigned;
      },
      poll: () => emit("consumer.fetch", {}),
      expel: () => {
        isExpelled = true;
      },
      rejoin(mine) {
        emit("consumer.rebalancing", {});
        assigned = mine;
        isExpelled = false;
        positions.clear();
        seeks.clear();
        emit("consumer.group_join", { memberAssignment: { [topic]: [...mine] } });
      },
      fetch(partition, recordsMax) {
        if (!eachBatch || busy.has(partition) || !assigned.includes(partition)) return false;
        const records = log(partition);
        let from =
          seeks.get(partition) ?? positions.get(partition) ?? committed.get(partition) ?? 0n;
        seeks.delete(partition);
        // Out of range: kafkajs commits the default offset and goes on there.
        if (from > BigInt(records.length)) {
          from = 0n;
          committed.set(partition, 0n);
        }
        positions.set(partition, from);
        const messages = records.slice(Number(from), Number(from) + recordsMax);
        if (messages.length === 0) return false;
        busy.add(partition);
        process.run(() => void deliver(partition, messages));
        return true;
      },
    };

    async function deliver(partition: number, messages: readonly ModelRecord[]): Promise<void> {
      const payload = {
        batch: {
          topic,
          partition,
          highWatermark: String(log(partition).length),
          messages,
          firstOffset: () => messages[0]?.offset ?? null,
          lastOffset: () => messages.at(-1)?.offset ?? "-1",
        },
        resolveOffset: (offset: string) => void positions.set(partition, BigInt(offset) + 1n),
        isStale: () => seeks.has(partition),
        async heartbeat() {
          if (isExpelled) throw new Error("The group is rebalancing, so a rejoin is needed");
        },
      };
      try {
        await eachBatch?.(payload as unknown as EachBatchPayload);
      } catch {
        // kafkajs joins again after a failed heartbeat; the scheduler decides when.
      } finally {
        busy.delete(partition);
      }
    }

    return {
      events: {
        CRASH: "consumer.crash",
        FETCH: "consumer.fetch",
        GROUP_JOIN: "consumer.group_join",
        REBALANCING: "consumer.rebalancing",
      },
      on(name: string, listener: Listener) {
        listeners.set(name, [...(listeners.get(name) ?? []), bound(listener)]);
      },
      connect: async () => undefined,
      subscribe: async () => undefined,
      async run(config: { eachBatch: typeof eachBatch }) {
        eachBatch = config.eachBatch;
        members.add(member);
        onJoin(member);
      },
      pause: () => undefined,
      seek: ({ partition, offset }: { partition: number; offset: string }) =>
        void seeks.set(partition, BigInt(offset)),
      commitOffsets: (offsets: readonly { partition: number; offset: string }[]) =>
        call(process, "commit offsets", true, () => {
          if (isExpelled) throw new Error("The coordinator is not aware of this member");
          for (const { partition, offset } of offsets) committed.set(partition, BigInt(offset));
        }),
      async disconnect() {
        members.delete(member);
      },
    } as unknown as Consumer;
  }

  function adminOf(process: SimProcess): Admin {
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    return {
      connect: async () => undefined,
      disconnect: async () => undefined,
      fetchOffsets: () =>
        call(process, "fetch committed offsets", false, () => [
          {
            topic,
            partitions: all.map((partition) => ({
              partition,
              offset: String(committed.get(partition) ?? -1n),
            })),
          },
        ]),
      fetchTopicOffsets: (name: string) =>
        call(process, "fetch log ends", false, () => {
          const ends =
            name === topic ? all.map((partition) => log(partition)) : [published.get(name) ?? []];
          return ends.map((records, partition) => {
            const high = String(records.length);
            return { partition, low: "0", high, offset: high };
          });
        }),
    } as unknown as Admin;
  }

  function producerOf(process: SimProcess): Producer {
    return {
      connect: async () => undefined,
      disconnect: async () => undefined,
      sendBatch: ({ topicMessages }: { topicMessages: readonly TopicMessages[] }) =>
        call(process, "produce", true, () =>
          topicMessages.map(({ topic: topicName, messages }) => {
            const records = published.get(topicName) ?? [];
            published.set(topicName, records);
            const baseOffset = String(records.length);
            for (const { key, value, headers } of messages) {
              records.push({
                offset: String(records.length),
                key: key as Buffer | null,
                value: value as Buffer | null,
                timestamp: String(nowMs()),
                headers: (headers ?? {}) as ModelRecord["headers"],
              });
            }
            return { topicName, partition: 0, errorCode: 0, baseOffset };
          }),
        ),
    } as unknown as Producer;
  }
}
