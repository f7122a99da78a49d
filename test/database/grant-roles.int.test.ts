import { Client } from "pg";
import { expect, test } from "vitest";
import { migrate } from "../../src/database/migrate.ts";
import { execute } from "../../sandbox/postgres/postgres-at.ts";
import { databaseServer, freshDatabase } from "../support/database.ts";

/** A login of its own in this group, and the database's URL with it. */
async function loginIn(group: string, databaseUrl: string): Promise<string> {
  const name = `login_of_${group}`;
  await execute(
    databaseUrl,
    `DROP ROLE IF EXISTS ${name}; CREATE ROLE ${name} LOGIN IN ROLE ${group}`,
  );
  const url = new URL(databaseUrl);
  url.username = name;
  return url.href;
}

async function rightsOf(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ table: string; rights: string }>(`
    SELECT relname AS table, array_to_string(ARRAY(
      SELECT r FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS r
      WHERE has_table_privilege(c.oid, r)), ' ') AS rights
    FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`);
  await client.end();
  return Object.fromEntries(rows.map(({ table, rights }) => [table, rights]));
}

test("the serving role rewrites no history, deletes no payment and changes no schema", async () => {
  await using database = await freshDatabase();
  const url = await loginIn("gigpay_serving", database.url);
  const rights = await rightsOf(url);
  for (const table of ["audit_log", "payment_outcomes", "reputation_events", "chain_events"]) {
    expect(rights[table], table).toBe("SELECT INSERT");
  }
  for (const table of ["payments", "transactions", "transaction_items", "inbox", "deployment"]) {
    expect(rights[table], table).toBe("SELECT INSERT UPDATE");
  }
  expect(rights["migrations"]).toBe("SELECT");
  expect(Object.values(rights).every((each) => each.includes("SELECT"))).toBe(true);
  expect(Object.values(rights).some((each) => each.includes("TRUNCATE"))).toBe(false);
  for (const change of ["CREATE TABLE mine (id int)", "ALTER TABLE payments DISABLE TRIGGER ALL"]) {
    await expect(execute(url, change), change).rejects.toMatchObject({ code: "42501" });
  }
});

test("the reading role reads everything and writes nothing", async () => {
  await using database = await freshDatabase();
  const rights = await rightsOf(await loginIn("gigpay_reading", database.url));
  // Secrets, and URLs that may hold one.
  const hidden = ["platform_secrets", "webhook_secrets", "webhook_endpoints"];
  expect(hidden.map((table) => rights[table])).toEqual(["", "", ""]);
  const others = Object.fromEntries(
    Object.entries(rights).filter(([table]) => !hidden.includes(table)),
  );
  expect(Object.keys(others)).toContain("payments");
  expect([...new Set(Object.values(others))]).toEqual(["SELECT"]);
});

test("any login of the migrating role can change what another one made", async () => {
  await using database = await freshDatabase();
  const url = await loginIn("gigpay_migrator", database.url);
  await execute(url, "DELETE FROM migrations WHERE name = '0004-guards.sql'");
  await execute(
    url,
    `DROP TRIGGER payments_transition ON payments; ALTER TABLE payments ADD COLUMN added integer;
     INSERT INTO migrations (name, oldest_level) VALUES ('0004-guards.sql', 1)`,
  );
  expect((await migrate(url)).roles).toEqual({ granted: true, problem: null });
});

test("a login that may not create roles migrates all the same, and says what is missing", async () => {
  const server = await databaseServer();
  const admin = await server.createDatabase();
  await execute(
    admin,
    "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; ALTER SCHEMA public OWNER TO plain",
  );
  const url = new URL(admin);
  url.username = "plain";
  const { applied, roles } = await migrate(url.href);
  expect(applied.length).toBeGreaterThan(0);
  expect(roles).toMatchObject({ granted: false, problem: expect.any(String) });
  // Once the roles are somebody's to give, the next run grants.
  await execute(admin, "GRANT gigpay_migrator TO plain");
  expect(await migrate(url.href)).toMatchObject({ applied: [], roles: { granted: true } });
});
