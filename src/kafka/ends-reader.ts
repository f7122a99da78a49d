import { setTimeout as delay } from "node:timers/promises";
import type { Admin, Kafka } from "kafkajs";
import { endsOf, type PartitionEnds } from "./topic-ends.ts";

/** Where a topic's partitions begin and end, asked again and again over one connection. */
export interface EndsReader {
  /** Rejects where Kafka cannot be asked; the next call connects anew. One call at a time. */
  read(): Promise<PartitionEnds[]>;
  close(): Promise<void>;
}

/** With its broker away, kafkajs may wait for ever for an answer to its good-bye. */
const LEAVE_DEADLINE_MS = 3_000;

export function createEndsReader(kafka: Kafka, topic: string): EndsReader {
  let admin: Admin | undefined;
  const close = async () => {
    const gone = admin;
    admin = undefined;
    const left = gone?.disconnect().catch(() => undefined);
    await Promise.race([left, delay(LEAVE_DEADLINE_MS, undefined, { ref: false })]);
  };
  return {
    close,
    async read() {
      try {
        if (!admin) {
          admin = kafka.admin();
          await admin.connect();
        }
        return await endsOf(admin, topic);
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}
