import { sql, type FragmentSqlToken } from "slonik";

/** One table, and the columns of it that are dropped with, or out of, what is over. */
export interface PrunableTable {
  readonly name: "outbox" | "dead_letters" | "transactions";
  /** Answers (rows, bytes): everything that is over by then. */
  readonly count: (before: FragmentSqlToken) => FragmentSqlToken;
  /** Drops some, the oldest first, and answers (rows, bytes, next): from where to go on, null where nothing is left. */
  readonly drop: (before: FragmentSqlToken, part: Part) => FragmentSqlToken;
}

/** One commit's share. */
export interface Part {
  readonly after: bigint;
  readonly rowsMax: number;
}

const eventBytes = sql.fragment`(
  coalesce(pg_column_size(payload), 0) + coalesce(pg_column_size(key), 0) + pg_column_size(headers))`;
const letterBytes = sql.fragment`(
  pg_column_size(value) + coalesce(pg_column_size(key), 0) + pg_column_size(headers))`;
const callBytes = sql.fragment`(pg_column_size(calldata) + coalesce(pg_column_size(raw), 0))`;

/** Events that Kafka has. Read by id, which is the order of time to within seconds: by time it has no index that sorts. */
const outbox: PrunableTable = {
  name: "outbox",
  count: (before) => sql.fragment`
    SELECT count(*) AS rows, coalesce(sum(${eventBytes}), 0)::int8 AS bytes
    FROM outbox WHERE created_at < ${before} AND published_at IS NOT NULL`,
  drop: (before, { after, rowsMax }) => sql.fragment`
    WITH page AS (
      SELECT id, created_at, published_at, ${eventBytes} AS bytes FROM outbox WHERE id > ${after} ORDER BY id LIMIT ${rowsMax}
    ), over AS (
      SELECT id, bytes FROM page WHERE created_at < ${before} AND published_at IS NOT NULL
    ), dropped AS (
      DELETE FROM outbox o USING over WHERE o.id = over.id
    )
    SELECT count(*) AS rows, coalesce(sum(bytes), 0)::int8 AS bytes,
      (SELECT max(id) FROM page HAVING bool_or(created_at < ${before})) AS next
    FROM over`,
};

/** The records of letters that somebody has replayed or discarded. The letter stays: read again it is the same one. */
const deadLetters: PrunableTable = {
  name: "dead_letters",
  ...columnsOf(
    sql.fragment`dead_letters`,
    sql.fragment`closed_at IS NOT NULL AND value IS NOT NULL`,
    { bytes: letterBytes, dropped: sql.fragment`key = NULL, value = NULL, headers = '{}'` },
  ),
};

/** The calls of sends that are over. The send stays with its hashes, items and ends. */
const transactions: PrunableTable = {
  name: "transactions",
  ...columnsOf(
    sql.fragment`transactions`,
    sql.fragment`calldata IS NOT NULL AND state IN ('mined', 'reverted', 'dead')`,
    { bytes: callBytes, dropped: sql.fragment`calldata = NULL, raw = NULL` },
  ),
};

export const PRUNABLE_TABLES = [outbox, deadLetters, transactions] as const;

/** Rows that stay and lose some columns. An index has those that still have them, so that each part finds the next. */
function columnsOf(
  table: FragmentSqlToken,
  hasBytes: FragmentSqlToken,
  { bytes, dropped }: { readonly bytes: FragmentSqlToken; readonly dropped: FragmentSqlToken },
): Pick<PrunableTable, "count" | "drop"> {
  return {
    count: (before) => sql.fragment`
      SELECT count(*) AS rows, coalesce(sum(${bytes}), 0)::int8 AS bytes
      FROM ${table} WHERE ${hasBytes} AND closed_at < ${before}`,
    drop: (before, { rowsMax }) => sql.fragment`
      WITH over AS (
        SELECT id, ${bytes} AS bytes FROM ${table} WHERE ${hasBytes} AND closed_at < ${before}
        ORDER BY closed_at LIMIT ${rowsMax} FOR NO KEY UPDATE SKIP LOCKED
      ), dropped AS (
        UPDATE ${table} t SET ${dropped} FROM over WHERE t.id = over.id
      )
      SELECT count(*) AS rows, coalesce(sum(bytes), 0)::int8 AS bytes,
        CASE WHEN count(*) = ${rowsMax} THEN 0::int8 END AS next
      FROM over`,
  };
}
