import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { COMMIT_MAX_MS } from "../../src/settlement/ledger-check.ts";
import { OWN_INSTANCE } from "../contest/own-service.ts";
import type { ContestWorld } from "../contest/world.ts";
import { hashOf } from "../rail/rpc.ts";
import { makeFitToMeasure } from "./fit-to-measure.ts";
import { blockAt } from "./history.ts";

/** A look of the minute's verification goes back as far as a commit may take, and what was taken in last ends some seconds later. */
const LOOKED_BACK_MS = COMMIT_MAX_MS + 5_000;

/** What was before a world began. */
export interface Past {
  /** Its chain is as old as that. */
  readonly chainBeganAtMs: number;
  /** Where Postgres keeps the database of a service that has run before; absent: none has. */
  readonly databaseDirectory?: string;
}

/**
 * Lets a world's chain have begun long ago, and its database have followed it up to now. Kafka is new, so of an earlier one's
 * offsets nothing is kept; and what an earlier world has paid is on no chain of this one, so it waits, about a minute at most,
 * until none of its verification's looks can reach that. Rejects where an earlier world left payments open.
 */
export async function goOnFrom(
  { chainBeganAtMs }: Past,
  { databaseUrl, directory }: Pick<ContestWorld, "databaseUrl" | "directory">,
  signal: AbortSignal,
): Promise<void> {
  await writeFile(join(directory, "chain.jsonl"), `${JSON.stringify([chainBeganAtMs])}\n`);
  await makeFitToMeasure(databaseUrl);
  const { chainId, payOnce } = OWN_INSTANCE;
  const client = new Client({ connectionString: databaseUrl, query_timeout: 10_000 });
  await client.connect();
  try {
    await delay(await readRestMs(client), undefined, { signal });
    const block = blockAt({ chainBeganAtMs }, Date.now());
    await client.query("DELETE FROM kafka_offsets");
    await client.query("DELETE FROM own_offsets");
    await client.query(
      `INSERT INTO chain_cursors (chain_id, pay_once, block_number, block_hash, first_block) VALUES ($1, $2, $3, $4, 0)
       ON CONFLICT (chain_id, pay_once) DO UPDATE SET block_number = $3, block_hash = $4`,
      [chainId, payOnce, block, hashOf(block)],
    );
    await client.query(
      `INSERT INTO verify_watermark (block_number, checked_until, updated_at) VALUES ($1, payment_now(), payment_now())
       ON CONFLICT (only_row) DO UPDATE SET block_number = $1, checked_until = excluded.checked_until, suspects = '[]',
         updated_at = excluded.updated_at`,
      [block],
    );
  } finally {
    await client.end();
  }
}

/** How long it is until a look begins after the last record that an earlier world took in; 0 where there was none. */
export async function readRestMs(client: Client): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    `SELECT greatest(0, coalesce(max(extract(epoch FROM updated_at - payment_now())) * 1000 + $1, 0))::float8 AS ms
     FROM kafka_offsets`,
    [LOOKED_BACK_MS],
  );
  return rows[0]?.ms ?? 0;
}
