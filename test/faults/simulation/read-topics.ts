import type { Consumer, EachBatchPayload } from "kafkajs";
import { bound } from "./virtual-time.ts";

export interface ModelRecord {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: string;
  readonly headers: Record<string, Buffer | Buffer[]>;
}

type Listener = (event: { payload: unknown }) => void;

/** A consumer of a group of its own, as somebody has who reads parts of topics: what he seeks is delivered at once. */
export function createTopicReader(
  read: (topic: string) => Promise<readonly ModelRecord[]>,
): Consumer {
  const listeners = new Map<string, Listener[]>();
  const seeks = new Map<string, bigint>();
  const emit = (name: string, payload: unknown) => {
    for (const listener of listeners.get(name) ?? []) listener({ payload });
  };

  async function deliver(
    eachBatch: (payload: EachBatchPayload) => Promise<void>,
    topic: string,
  ): Promise<void> {
    try {
      const messages = (await read(topic)).slice(Number(seeks.get(topic)));
      const batch = { topic, partition: 0, messages, lastOffset: () => messages.at(-1)?.offset };
      const payload = { batch, resolveOffset: () => undefined, heartbeat: async () => undefined };
      if (messages.length > 0) await eachBatch(payload as unknown as EachBatchPayload);
    } catch (error) {
      emit("consumer.crash", { error });
    }
  }

  return {
    events: { CRASH: "consumer.crash", GROUP_JOIN: "consumer.group_join" },
    on(name: string, listener: Listener) {
      listeners.set(name, [...(listeners.get(name) ?? []), bound(listener)]);
    },
    connect: async () => undefined,
    subscribe: async () => undefined,
    async run({ eachBatch }: { eachBatch: (payload: EachBatchPayload) => Promise<void> }) {
      emit("consumer.group_join", {});
      for (const topic of seeks.keys()) void deliver(eachBatch, topic);
    },
    seek: ({ topic, offset }: { topic: string; offset: string }) =>
      void seeks.set(topic, BigInt(offset)),
    disconnect: async () => undefined,
  } as unknown as Consumer;
}
