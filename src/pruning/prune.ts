import { setTimeout as delay } from "node:timers/promises";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { PaymentError } from "../errors.ts";
import { readRestore } from "../restore/read-restore.ts";
import { PRUNABLE_TABLES, type PrunableTable } from "./prunable-tables.ts";

export interface PruneOptions {
  readonly olderThanDays: number;
  /** Counts, and changes nothing. */
  readonly dryRun: boolean;
  readonly actor: string;
  /** Of one commit; some milliseconds' work. */
  readonly rowsMax?: number;
  /** Between two commits, so that payments, vacuum and replicas come first. */
  readonly pause?: () => Promise<void>;
}

export interface Pruned {
  readonly table: PrunableTable["name"];
  readonly rows: number;
  /** Of the columns that were dropped, as they were stored. */
  readonly bytes: number;
}

export interface PruneReport {
  readonly before: Date;
  readonly isDryRun: boolean;
  readonly tables: readonly Pruned[];
}

const ROWS_MAX = 500;
const PAUSE_MS = 50;

const countRow = z.object({ rows: z.bigint(), bytes: z.bigint() });
const partRow = countRow.extend({ next: z.bigint().nullable() });

/**
 * Drops the bytes of what was over that long ago, in many short commits; broken off, the next run goes on. Whatever says
 * that something was paid, or that it was seen before, stays. Throws DATABASE_*, and OPERATION_REFUSED while a restored
 * backup waits for its operator: nothing is thrown away then that may have to be looked at.
 */
export async function prune(pool: Database, options: PruneOptions): Promise<PruneReport> {
  if (options.dryRun) return count(pool, options);
  if ((await readRestore(pool)).open) {
    throw new PaymentError(
      "OPERATION_REFUSED",
      "reject",
      "A restored backup waits for an operator (gigpay restored): nothing is pruned until it is closed.",
    );
  }
  const { id, before } = await announce(pool, options);
  const tables: Pruned[] = [];
  for (const table of PRUNABLE_TABLES) tables.push(await drop(pool, table, { ...options, before }));
  await askDatabase(() =>
    pool.query(sql.type(anyRow)`UPDATE prunings SET ended_at = payment_now() WHERE id = ${id}`),
  );
  return { before, isDryRun: false, tables };
}

const announcedRow = z.object({ id: z.bigint(), before: z.date() });

/** From its commit on, the database lets go of what was over before then, and verifying does not miss it. */
async function announce(pool: Database, { olderThanDays, actor }: PruneOptions) {
  return askDatabase(() =>
    pool.one(sql.type(announcedRow)`
      WITH begun AS (
        INSERT INTO prunings (before, actor) VALUES (payment_now() - ${olderThanDays} * interval '1 day', ${actor})
        RETURNING id, before
      ), audited AS (
        INSERT INTO audit_log (actor, action, details)
        SELECT ${actor}, 'ledger.pruned', jsonb_build_object('pruningId', id, 'before', before) FROM begun
      )
      SELECT id, before FROM begun
    `),
  );
}

async function drop(
  pool: Database,
  table: PrunableTable,
  options: PruneOptions & { readonly before: Date },
): Promise<Pruned> {
  const { rowsMax = ROWS_MAX, pause = () => delay(PAUSE_MS) } = options;
  const before = sql.fragment`${options.before.toISOString()}::timestamptz`;
  let [rows, bytes] = [0, 0];
  // Each part takes rows away, or begins behind the last one's; the table ends.
  for (let after: bigint | null = 0n; after !== null;) {
    const statement = table.drop(before, { after, rowsMax });
    const part = await askDatabase(() => pool.one(sql.type(partRow)`${statement}`));
    rows += Number(part.rows);
    bytes += Number(part.bytes);
    after = part.next;
    if (after !== null) await pause();
  }
  return { table: table.name, rows, bytes };
}

const beforeRow = z.object({ before: z.date() });

async function count(pool: Database, { olderThanDays }: PruneOptions): Promise<PruneReport> {
  const { before: at } = await askDatabase(() =>
    pool.one(sql.type(beforeRow)`
      SELECT payment_now() - ${olderThanDays} * interval '1 day' AS before`),
  );
  const before = sql.fragment`${at.toISOString()}::timestamptz`;
  const tables: Pruned[] = [];
  for (const { name, count: statement } of PRUNABLE_TABLES) {
    const { rows, bytes } = await askDatabase(() =>
      pool.one(sql.type(countRow)`${statement(before)}`),
    );
    tables.push({ table: name, rows: Number(rows), bytes: Number(bytes) });
  }
  return { before: at, isDryRun: true, tables };
}
