import { sql } from "slonik";
import { z } from "zod";
import type { World } from "../../e2e/world.ts";
import { logOffsets } from "../boxes/kafka-operations.ts";

const storedRow = z.object({ partition: z.number(), next_offset: z.bigint() });

/** Records of the input topic that are not durable in the database, as after a restore that Kafka has outlived. */
export async function countUnread({ pool, topics, parts }: World): Promise<bigint> {
  const { begin, end } = await logOffsets(parts.brokers, topics.tasks);
  const rows = await pool.any(sql.type(storedRow)`
    SELECT partition, next_offset FROM kafka_offsets WHERE topic = ${topics.tasks}`);
  const from = new Map([
    ...begin.map(({ partition, offset }) => [partition, BigInt(offset)] as const),
    ...rows.map(({ partition, next_offset: next }) => [partition, next] as const),
  ]);
  return end.reduce((sum, { partition, offset }) => {
    const unread = BigInt(offset) - (from.get(partition) ?? 0n);
    return unread > 0n ? sum + unread : sum;
  }, 0n);
}
