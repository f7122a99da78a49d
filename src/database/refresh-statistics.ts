import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "./pool.ts";
import { askDatabase } from "./translate-error.ts";

/** Smaller ones are read from end to end in no time. */
const ROWS_MIN = 500;
/** Whoever has so many has had them for a while: autovacuum has come by. */
const ROWS_MAX = 2_000_000;
/** Of one call: as many as a flood fills at once, and more wait for the next. */
const TABLES_MAX = 20;

const refreshedRow = z.object({ table: z.string().nullable() });

/**
 * Has each table that has grown fourfold since Postgres last counted it analysed, and answers their names. Statements are planned
 * once and their plans kept: one that was made while a table was empty reads it from end to end a hundred thousand rows later, until
 * autovacuum comes by, which takes minutes in a flood. As tables seldom grow fourfold, this costs a glance at the catalogue. Several instances may call
 * it at once. Throws DATABASE_*.
 */
export async function refreshStatistics(pool: Database): Promise<readonly string[]> {
  const refreshed: string[] = [];
  while (refreshed.length < TABLES_MAX) {
    const { table } = await askDatabase(() =>
      pool.one(sql.type(refreshedRow)`
        SELECT refresh_statistics(${ROWS_MIN}, ${ROWS_MAX}) AS table`),
    );
    if (table === null) break;
    refreshed.push(table);
  }
  return refreshed;
}
