import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const SOURCE = new URL("../../src/", import.meta.url);

/** Everything in Postgres that tells the time. `now()` and `age()` only where they are no method of an object. */
const CLOCK =
  /(?<![\w.])(?:now\s*\(\s*\)|age\s*\([^,()]*\)|(?:clock|statement|transaction)_timestamp\b|current_(?:timestamp|time|date)\b|localtime(?:stamp)?\b|timeofday\b)|'(?:now|today|tomorrow|yesterday)'/gi;
/** A file that holds no SQL may call its own functions what it likes. */
const HOLDS_SQL = /from "(?:slonik|pg)"/;

function clocksIn(name: string, text: string): string[] {
  if (name.endsWith(".ts") && !HOLDS_SQL.test(text)) return [];
  return [...text.matchAll(CLOCK)].map(([found]) => found.toLowerCase());
}

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|sql)$/.test(name))
  .map((name) => ({ name, text: readFileSync(new URL(name, SOURCE), "utf8") }));

test("SQL reads the time only through payment_now(), so that a simulation has it under control", () => {
  const found = files.flatMap(({ name, text }) =>
    clocksIn(name, text).map((clock) => `${name}: ${clock}`),
  );
  expect(found.toSorted()).toEqual([
    // Before the first migration there is no payment_now(); when a file was applied decides nothing.
    "database/migrate.ts: now()",
    // The definition itself.
    "database/migrations/0001-initial.sql: statement_timestamp",
  ]);
});

test("all files that speak to Postgres are looked at", () => {
  const asking = files.filter(({ name, text }) => name.endsWith(".sql") || HOLDS_SQL.test(text));
  const clocked = asking.filter(({ text }) => text.includes("payment_now()"));
  expect(clocked.length).toBeGreaterThan(10);
  const hidden = files.filter(
    ({ name, text }) =>
      /\b(?:SELECT|INSERT INTO|UPDATE \w+ SET)\b/.test(text) &&
      !asking.some((one) => one.name === name),
  );
  expect(hidden.map(({ name }) => name)).toEqual([]);
});

test.each([
  "SET updated_at = now()",
  "WHERE at < NOW ( ) - interval '1 day'",
  "DEFAULT CURRENT_TIMESTAMP",
  "VALUES (clock_timestamp())",
  "SELECT statement_timestamp(), transaction_timestamp()",
  "at < localtimestamp",
  "day = current_date",
  "at < 'now'::timestamptz",
  "age(created_at) > interval '1 hour'",
])("the search finds %j", (text) => {
  const statement = `import { sql } from "slonik"; sql.fragment\`${text}\``;
  expect(clocksIn("a.ts", statement)).not.toEqual([]);
  expect(clocksIn("0002.sql", text)).not.toEqual([]);
});

test.each(["payment_now()", "performance.now()", "Date.now()", "page(rows)", "message(text)"])(
  "the search passes over %j",
  (text) => expect(clocksIn("0002.sql", text)).toEqual([]),
);
