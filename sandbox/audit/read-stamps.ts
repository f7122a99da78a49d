import { Pool } from "pg";
import { z } from "zod";

interface TaskName {
  readonly platformId: string;
  readonly taskId: string;
}

const stampsRow = z.object({
  platformId: z.string(),
  taskId: z.string(),
  acceptedAtMs: z.number(),
  sentAtMs: z.number().nullable(),
  settledAtMs: z.number().nullable(),
});
/** When a payment passed the service's own three commits, in ms since the epoch, as its row says. */
export type Stamps = z.infer<typeof stampsRow>;

const sendRow = z.object({ sendId: z.string(), platformId: z.string(), taskId: z.string() });
/** A send with one of the payments it carries. */
export type StoredSend = z.infer<typeof sendRow>;

/** The service's tables, read by plain SQL on a connection that may not write. */
export interface StampReader extends AsyncDisposable {
  /** Of those tasks that have a payment. */
  stamps(tasks: readonly TaskName[]): Promise<Stamps[]>;
  /** Up to where the topic's records have been taken in, summed over its partitions. */
  takenIn(topic: string): Promise<bigint>;
  /** The sends that are stored and to which nobody has answered yet. */
  unanswered(): Promise<StoredSend[]>;
  /** Those of them that were answered since: they were sent, then, under the same id and key. */
  answeredSince(sendIds: readonly string[], sinceMs: number): Promise<Set<string>>;
}

const QUERY_TIMEOUT_MS = 5_000;

const STAMPS = `
  SELECT platform_id AS "platformId", task_id AS "taskId",
    extract(epoch FROM accepted_at)::float8 * 1000 AS "acceptedAtMs",
    extract(epoch FROM sent_at)::float8 * 1000 AS "sentAtMs",
    extract(epoch FROM settled_at)::float8 * 1000 AS "settledAtMs"
  FROM payments JOIN unnest($1::text[], $2::text[]) AS asked (platform, task)
    ON platform_id = asked.platform AND task_id = asked.task`;
const TAKEN_IN = `SELECT coalesce(sum(next_offset), 0)::text AS taken FROM kafka_offsets WHERE topic = $1`;
const UNANSWERED = `
  SELECT t.id AS "sendId", p.platform_id AS "platformId", p.task_id AS "taskId"
  FROM transactions t JOIN transaction_items i ON i.transaction_id = t.id JOIN payments p ON p.id = i.payment_id
  WHERE t.state = 'open' AND t.submitted_at IS NULL`;
const ANSWERED = `
  SELECT id::text FROM transactions WHERE id = ANY($1::uuid[]) AND submitted_at > to_timestamp($2::float8 / 1000)`;

export function createStampReader(databaseUrl: string): StampReader {
  const pool = new Pool({
    connectionString: databaseUrl,
    options: "-c default_transaction_read_only=on",
    query_timeout: QUERY_TIMEOUT_MS,
    max: 2,
  });
  // A connection that is lost while idle is opened anew when it is needed.
  pool.on("error", () => undefined);
  const ask = async (name: string, text: string, values: readonly unknown[]) =>
    (await pool.query({ name: `auditor-${name}`, text, values: [...values] })).rows as unknown[];
  return {
    async stamps(tasks) {
      if (tasks.length === 0) return [];
      const names = [tasks.map((task) => task.platformId), tasks.map((task) => task.taskId)];
      return z.array(stampsRow).parse(await ask("stamps", STAMPS, names));
    },
    async takenIn(topic) {
      const [row] = await ask("taken-in", TAKEN_IN, [topic]);
      return BigInt(z.object({ taken: z.string() }).parse(row).taken);
    },
    async unanswered() {
      return z.array(sendRow).parse(await ask("unanswered", UNANSWERED, []));
    },
    async answeredSince(sendIds, sinceMs) {
      const rows = await ask("answered", ANSWERED, [sendIds, sinceMs]);
      return new Set(
        z
          .array(z.object({ id: z.string() }))
          .parse(rows)
          .map(({ id }) => id),
      );
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
