import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { OWN_INSTANCE } from "../contest/own-service.ts";
import type { ContestWorld } from "../contest/world.ts";
import { hashOf } from "../rail/rpc.ts";
import { makeFitToMeasure } from "./fit-to-measure.ts";
import { blockAt } from "./history.ts";

/** What was before a world began. */
export interface Past {
  /** Its chain is as old as that. */
  readonly chainBeganAtMs: number;
  /** Where Postgres keeps the database of a service that has run before; absent: none has. */
  readonly databaseDirectory?: string;
}

/**
 * Lets a world's chain have begun long ago, and its database have followed it up to now. Kafka is new, so of an earlier one's
 * offsets nothing is kept; and what an earlier world has paid is on no chain of this one, so the minute's verification has to
 * have looked at it. Rejects where an earlier world left payments open.
 */
export async function goOnFrom(
  { chainBeganAtMs }: Past,
  { databaseUrl, directory }: Pick<ContestWorld, "databaseUrl" | "directory">,
): Promise<void> {
  await writeFile(join(directory, "chain.jsonl"), `${JSON.stringify([chainBeganAtMs])}\n`);
  await makeFitToMeasure(databaseUrl);
  const { chainId, payOnce } = OWN_INSTANCE;
  const block = blockAt({ chainBeganAtMs }, Date.now());
  const client = new Client({ connectionString: databaseUrl, query_timeout: 10_000 });
  await client.connect();
  try {
    await client.query("DELETE FROM kafka_offsets");
    await client.query("DELETE FROM own_offsets");
    await client.query(
      `INSERT INTO chain_cursors (chain_id, pay_once, block_number, block_hash, first_block) VALUES ($1, $2, $3, $4, 0)
       ON CONFLICT (chain_id, pay_once) DO UPDATE SET block_number = $3, block_hash = $4`,
      [chainId, payOnce, block, hashOf(block)],
    );
    // The next look begins a minute before the last one, which is how long a commit may take to be seen: with this moment.
    await client.query(
      `INSERT INTO verify_watermark (block_number, checked_until, updated_at) VALUES ($1, payment_now(), payment_now() + interval '1 minute')
       ON CONFLICT (only_row) DO UPDATE SET block_number = $1, checked_until = excluded.checked_until, suspects = '[]',
         updated_at = excluded.updated_at`,
      [block],
    );
  } finally {
    await client.end();
  }
}
