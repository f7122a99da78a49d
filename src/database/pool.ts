import { defaults } from "pg";
import {
  createPool,
  createTypeParserPreset,
  SchemaValidationError,
  sql,
  type DatabasePool,
  type CommonQueryMethods,
  type DatabaseTransactionConnection,
  type DriverTypeParser,
  type Interceptor,
} from "slonik";
import { z } from "zod";
import { translateDatabaseError } from "./translate-error.ts";

export type Database = DatabasePool;
/** Inside a transaction: nothing but SQL and pure code, because slonik re-runs the callback on a conflict. */
export type Transaction = DatabaseTransactionConnection;

export interface PoolSettings {
  readonly url: string;
  readonly poolMax: number;
  readonly statementTimeoutMs: number;
  /**
   * All statements find a batch's rows by their keys. Sessions plan once and keep the plan: planned while a table is new,
   * or before Postgres counted what a burst brought, that plan would read or hash the whole table for each batch.
   */
  readonly looksUpByKeys?: boolean;
  /** Awaited for each new session, before it is used; where it throws, it is closed and its user told. */
  readonly onConnection?: (connection: CommonQueryMethods) => Promise<void>;
}

/** int8 and numeric would lose digits as a `number`; times as `Date` keep their meaning. */
const exactParsers: readonly DriverTypeParser[] = [
  { name: "int8", parse: (text) => (text === null ? null : BigInt(text)) },
  { name: "numeric", parse: (text) => text },
  { name: "timestamptz", parse: (text) => (text === null ? null : new Date(text)) },
];

/** Checks every row that a query's schema describes: a renamed column fails here, not in a payment. */
const validateRows: Interceptor = {
  name: "validate-rows",
  transformRow: (context, query, row) => {
    const schema = context.resultParser;
    if (!schema || schema === anyRow) return row;
    const result = schema["~standard"].validate(row);
    if (result instanceof Promise) throw new TypeError("row schemas are synchronous");
    if (result.issues) throw new SchemaValidationError(query, row, result.issues);
    return result.value as typeof row;
  },
};

/**
 * slonik tells of each use of a connection, under another name each time; what it uses is the session. Where that cannot be
 * seen, each use is looked at.
 */
function prepareNew({ looksUpByKeys = false, onConnection }: PoolSettings): Interceptor {
  const prepared = new WeakSet<object>();
  return {
    name: "prepare-new-sessions",
    async afterPoolConnection(_context, connection) {
      const { connection: session } = connection as { readonly connection?: object };
      if (session && prepared.has(session)) return null;
      if (looksUpByKeys) await planByIndex(connection);
      await onConnection?.(connection);
      if (session) prepared.add(session);
      return null;
    },
  };
}

/**
 * These discourage, they do not forbid: what no index serves is still read. A lookup is over before a second worker has
 * started. And each statement is planned once: by default a session plans the first five calls anew, and the line's work goes
 * round all sessions of the pool.
 */
async function planByIndex(connection: CommonQueryMethods): Promise<void> {
  await connection.query(sql.type(anyRow)`
    SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
      set_config('enable_mergejoin', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false),
      set_config('max_parallel_workers_per_gather', '0', false)`);
}

/** For statements that return nothing worth checking. */
export const anyRow = z.unknown();

/** Connections live through quiet minutes: opening one costs more than a batch, and forgets its prepared statements. */
const IDLE_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** The server ends a statement first; this ends the wait for a server that will never answer. */
const ANSWER_MARGIN_MS = 2_000;

/**
 * Opens the pool; throws DATABASE_UNAVAILABLE where Postgres does not answer. No other session state may be kept on its connections: they are not reset between uses, because
 * slonik's default `DISCARD ALL` drops prepared statements and fails every second call of one.
 */
export async function openPool(settings: PoolSettings): Promise<Database> {
  const names = new Set(exactParsers.map((parser) => parser.name));
  // slonik has no way to hand this to its driver, and without it a dead peer is waited for without end.
  defaults.query_timeout = settings.statementTimeoutMs + ANSWER_MARGIN_MS;
  try {
    const pool = await createPool(settings.url, {
      captureStackTrace: false,
      maxPoolSize: settings.poolMax,
      statementTimeout: settings.statementTimeoutMs,
      // A transaction that stalls mid-way holds locks that every stage waits for.
      idleInTransactionSessionTimeout: 10_000,
      idleTimeout: IDLE_TIMEOUT_MS,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      // Retried at once and without a pause, which helps nobody; whoever asked waits and asks again.
      connectionRetryLimit: 0,
      gracefulTerminationTimeout: 1_000,
      typeParsers: [
        ...createTypeParserPreset().filter((parser) => !names.has(parser.name)),
        ...exactParsers,
      ],
      resetConnection: async () => {},
      interceptors: [validateRows, prepareNew(settings)],
    });
    // Each error also reaches whoever ran the query; unheard here, it would end the process.
    pool.on("error", () => undefined);
    return pool;
  } catch (error) {
    throw translateDatabaseError(error);
  }
}
