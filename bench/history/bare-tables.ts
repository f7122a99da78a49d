import type { Client } from "pg";

/** How a table is made complete again after it was filled, in the catalogue's own words. */
export interface TakenOff {
  /** Indexes and unique constraints of its own; it is filled without them, because one by one they cost three times as much. */
  readonly byTable: ReadonlyMap<string, readonly string[]>;
  /** Which name other tables' keys; last of all. */
  readonly foreignKeys: readonly string[];
}

interface Definition {
  readonly table: string;
  readonly take: string;
  readonly restore: string;
}

const CONSTRAINTS = `
  SELECT conrelid::regclass::text AS table, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS take,
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS restore
  FROM pg_constraint WHERE contype = ANY ($1) AND connamespace = 'public'::regnamespace`;

const INDEXES = `
  SELECT indrelid::regclass::text AS table, format('DROP INDEX %s', indexrelid::regclass) AS take,
    pg_get_indexdef(indexrelid) AS restore
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE c.relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)`;

/** Takes the indexes and keys of these tables off, and every reference between tables. */
export async function takeOff(client: Client, tables: readonly string[]): Promise<TakenOff> {
  const read = async (query: string, parameters: readonly unknown[] = []) =>
    (await client.query<Definition>(query, [...parameters])).rows;
  const isFilled = ({ table }: Definition) => tables.includes(table);
  const foreignKeys = await read(CONSTRAINTS, [["f"]]);
  const keys = (await read(CONSTRAINTS, [["p", "u"]])).filter(isFilled);
  const indexes = (await read(INDEXES)).filter(isFilled);
  const own = [...indexes, ...keys];
  // A key that is referred to cannot go before the references.
  const referring = foreignKeys.filter((each) => {
    return isFilled(each) || tables.some((table) => each.restore.includes(` REFERENCES ${table}(`));
  });
  for (const { take } of [...referring, ...own]) await client.query(take);
  return {
    byTable: new Map(
      tables.map((table) => [
        table,
        own.filter((each) => each.table === table).map(({ restore }) => restore),
      ]),
    ),
    foreignKeys: referring.map(({ restore }) => restore),
  };
}
