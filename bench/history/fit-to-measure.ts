import { Client } from "pg";
import { z } from "zod";

/** Reading ten gigabytes of indexes takes a minute or two where nothing of them is in memory. */
const QUERY_TIMEOUT_MS = 150_000;

/** By their partial indexes: to look through ten million rows would take longer than the round. */
const LEFTOVERS = `
  SELECT (SELECT count(*) FROM payments WHERE state = 'accepted')::int AS accepted,
    (SELECT count(*) FROM payments WHERE intent IS NOT NULL AND transaction_id IS NULL)::int AS waiting,
    (SELECT count(*) FROM payments WHERE transaction_id IS NOT NULL)::int AS sent,
    (SELECT count(*) FROM outbox WHERE published_at IS NULL)::int AS unpublished,
    (SELECT count(*) FROM pauses)::int AS pauses,
    (SELECT count(*) FROM restores WHERE closed_at IS NULL)::int AS restores`;

const leftovers = z.strictObject({
  accepted: z.int(),
  waiting: z.int(),
  sent: z.int(),
  unpublished: z.int(),
  pauses: z.int(),
  restores: z.int(),
});

/**
 * Makes a database that was loaded, or paid into by an earlier round, fit to be measured. Rejects where that round left
 * something behind: the next one would pay it as well, and measure both.
 */
export async function makeFitToMeasure(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, query_timeout: QUERY_TIMEOUT_MS });
  await client.connect();
  try {
    await refuseLeftovers(client);
    await readIndexes(client);
  } finally {
    await client.end();
  }
}

async function refuseLeftovers(client: Client): Promise<void> {
  const { rows } = await client.query(LEFTOVERS);
  const left = Object.entries(leftovers.parse(rows[0])).filter(([, count]) => count > 0);
  if (left.length === 0) return;
  const what = left.map(([name, count]) => `${name} ${count}`).join(", ");
  throw new Error(`an earlier round left something in this database: ${what}`);
}

/**
 * A service that has run for ninety days has its indexes in memory; one whose server has just started reads each of their pages
 * from the disk: half of what it waited for in a round that was watched.
 */
async function readIndexes(client: Client): Promise<void> {
  await client.query("CREATE EXTENSION IF NOT EXISTS pg_prewarm");
  await client.query(`
    SELECT sum(pg_prewarm(indexrelid, 'read')) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace`);
  await client.query("DROP EXTENSION pg_prewarm");
}
