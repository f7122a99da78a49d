import type { Kafka, RecordMetadata } from "kafkajs";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createBatchSender } from "../../src/kafka/batch-sender.ts";

const log = pino({ level: "silent" });
const signal = new AbortController().signal;
const batch = [{ topic: "t", messages: [{ key: "k", value: "v" }] }];

/** A Kafka whose producers answer what they are told, one answer per send, and that counts the producers. */
function scriptedKafka(answers: (Partial<RecordMetadata>[] | Error)[]) {
  const life = { connected: 0, disconnected: 0 };
  const kafka = {
    producer: () => ({
      connect: async () => void life.connected++,
      disconnect: async () => void life.disconnected++,
      sendBatch: async () => {
        const answer = answers.shift();
        if (!answer || answer instanceof Error) throw answer ?? new Error("no answer left");
        return answer;
      },
    }),
  };
  return { life, kafka: kafka as unknown as Kafka };
}

const at = (partition: number, baseOffset: string) => ({ topicName: "t", partition, baseOffset });

describe("a send whose acknowledgement cannot be true", () => {
  it("is in doubt when a partition's offset does not rise, and the producer is replaced", async () => {
    const { kafka, life } = scriptedKafka([[at(0, "7")], [at(0, "7")], [at(0, "8")]]);
    const sender = createBatchSender({ kafka, log });
    await sender.send(batch, signal);
    await expect(sender.send(batch, signal)).rejects.toMatchObject({
      code: "PUBLISH_IN_DOUBT",
      disposition: "reconcile",
    });
    expect(life).toEqual({ connected: 1, disconnected: 1 });
    await sender.send(batch, signal);
    expect(life).toEqual({ connected: 2, disconnected: 1 });
  });

  it("is in doubt when it names no offset at all", async () => {
    const { kafka } = scriptedKafka([[{ topicName: "t", partition: 0 }]]);
    await expect(createBatchSender({ kafka, log }).send(batch, signal)).rejects.toMatchObject({
      code: "PUBLISH_IN_DOUBT",
    });
  });

  it("judges each partition by itself, and a new producer afresh", async () => {
    const { kafka } = scriptedKafka([
      [at(0, "7"), at(1, "3")],
      [at(1, "4")],
      new Error("connection lost"),
      [at(0, "2"), at(1, "1")],
    ]);
    const sender = createBatchSender({ kafka, log });
    await sender.send(batch, signal);
    await sender.send(batch, signal);
    await expect(sender.send(batch, signal)).rejects.toThrow("connection lost");
    await sender.send(batch, signal);
  });
});
