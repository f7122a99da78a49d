import {
  createPool,
  createTypeParserPreset,
  SchemaValidationError,
  type DatabasePool,
  type DatabaseTransactionConnection,
  type DriverTypeParser,
  type Interceptor,
} from "slonik";
import { z } from "zod";

export type Database = DatabasePool;
/** Inside a transaction: nothing but SQL and pure code, because slonik re-runs the callback on a conflict. */
export type Transaction = DatabaseTransactionConnection;

export interface PoolSettings {
  readonly url: string;
  readonly poolMax: number;
  readonly statementTimeoutMs: number;
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

/** For statements that return nothing worth checking. */
export const anyRow = z.unknown();

/**
 * Opens the pool. No session state may be kept on its connections: they are not reset between uses, because
 * slonik's default `DISCARD ALL` drops prepared statements and fails every second call of one.
 */
export async function openPool(settings: PoolSettings): Promise<Database> {
  const names = new Set(exactParsers.map((parser) => parser.name));
  return createPool(settings.url, {
    captureStackTrace: false,
    maxPoolSize: settings.poolMax,
    statementTimeout: settings.statementTimeoutMs,
    // A transaction that stalls mid-way holds locks that every stage waits for.
    idleInTransactionSessionTimeout: 10_000,
    connectionTimeout: 5_000,
    typeParsers: [
      ...createTypeParserPreset().filter((parser) => !names.has(parser.name)),
      ...exactParsers,
    ],
    resetConnection: async () => {},
    interceptors: [validateRows],
  });
}
