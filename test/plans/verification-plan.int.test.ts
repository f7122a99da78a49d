import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { expect, test } from "vitest";
import { openPool } from "../../src/database/pool.ts";
import { verifyPayments } from "../../src/settlement/verify-payments.ts";
import { freshDatabase } from "../support/database.ts";
import { tapPostgres } from "../support/tap-postgres.ts";
import { explain } from "./explain.ts";

const SESSION = { poolMax: 1, statementTimeoutMs: 10_000, looksUpByKeys: true };

test("the minute's verification hashes what it joins, in the line's sessions too: each check goes through the payments once, not once for each of them", async () => {
  await using database = await freshDatabase();
  using tap = tapPostgres();
  const line = await openPool({ url: database.url, ...SESSION });
  await verifyPayments(line, [randomUUID(), randomUUID()]);
  await line.end();
  const asked = tap.statements.find(({ text }) => text.includes("touched AS MATERIALIZED"));
  if (!asked) throw new Error("it has asked nothing");
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query("BEGIN");
    // Those of the session, then those of the transaction.
    const settings = tap.statements.filter(({ text }) => text.includes("set_config("));
    for (const { text, values } of settings) await client.query(text, [...values]);
    const nodes = await explain(client, "", asked.text, asked.values);
    const joins = nodes.map((node) => node["Node Type"]).filter((type) => /Join/.test(type));
    expect(joins).toContain("Hash Join");
  } finally {
    await client.end();
  }
});
