import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";

const offsetRow = z.object({ partition: z.number(), next_offset: z.bigint() });

/** The next offsets that are stored, moved by commit 1; a partition without a row is absent. */
export async function loadOffsets(
  pool: Database,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  const rows = await askDatabase(() =>
    pool.any(sql.prepared("intake-load-offsets", offsetRow)`
      SELECT partition, next_offset FROM kafka_offsets
      WHERE topic = ${topic} AND partition = ANY(${sql.array(partitions, "int4")})
    `),
  );
  return new Map(rows.map(({ partition, next_offset: nextOffset }) => [partition, nextOffset]));
}
