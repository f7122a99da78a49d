import type { Client } from "pg";
import type { MigrationFile } from "./migration-files.ts";

/**
 * Group roles without a login of their own: a deployment's logins are members. The migrator owns the schema, serving is
 * the service and its operators' commands, reading is for verifying, dashboards and people.
 */
const ROLES = {
  migrator: "gigpay_migrator",
  serving: "gigpay_serving",
  reading: "gigpay_reading",
} as const;

export interface Roles {
  readonly granted: boolean;
  /** Why not, for a person; null where they were. */
  readonly problem: string | null;
}

/** Written once; their triggers say so too. */
const INSERT_ONLY = new Set([
  "audit_log",
  "payment_outcomes",
  "reputation_events",
  "chain_events",
  "transfers",
]);
/** Changed, never deleted. Whatever stands in neither list may be deleted from. */
const KEPT = new Set(
  `payments transactions transaction_items inbox deployment dead_letters platforms workers tasks api_keys kafka_offsets
   chain_cursors restores own_offsets announced_outcomes live_sequence live_epochs reconciliations prunings
   platform_days`.split(/\s+/),
);

/** What opens something: reading it is for the service alone. */
const SECRET = new Set(["platform_secrets", "webhook_secrets", "webhook_endpoints"]);

/** What the service may do with a table. */
function servingRights(table: string): string {
  if (table === "migrations") return "SELECT";
  if (INSERT_ONLY.has(table)) return "SELECT, INSERT";
  return KEPT.has(table) ? "SELECT, INSERT, UPDATE" : "SELECT, INSERT, UPDATE, DELETE";
}

/** The names that the migrations give to things of ours; others' tables in the same schema are none of our business. */
function schemaObjects(files: readonly MigrationFile[]) {
  const named = (kind: string) => {
    const pattern = new RegExp(`^CREATE (?:OR REPLACE )?${kind} (?:IF NOT EXISTS )?(\\w+)`, "gm");
    const names = files.flatMap(({ statements }) => [...statements.matchAll(pattern)]);
    return [...new Set(names.flatMap(([, name]) => name ?? []))];
  };
  return {
    tables: [...named("(?:UNLOGGED )?TABLE"), "migrations"],
    functions: named("FUNCTION"),
    domains: named("DOMAIN"),
  };
}

/** Not allowed, or a table is in use for too long: the schema is whole, and the next run grants again. */
const LATER = new Set(["42501", "55P03", "40P01"]);
const LOCK_TIMEOUT_MS = 700;
/** Another database's migration had the same moment; roles belong to the whole server. */
const CREATED_MEANWHILE = new Set(["42710", "23505"]);

/**
 * Makes the roles where this login may, and gives each exactly what it needs. Where it may not, the schema is as good as
 * before and the answer says what is missing: some manage their roles themselves (docs/operations.md).
 */
export async function grantRoles(client: Client, files: readonly MigrationFile[]): Promise<Roles> {
  try {
    const missing = await makeRoles(client);
    if (missing.length > 0) {
      return problem(`there is no role ${missing.join(", ")}, and this login may not create it`);
    }
    await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    for (const statement of await statementsFor(client, files)) await client.query(statement);
    await client.query("COMMIT");
    return { granted: true, problem: null };
  } catch (error) {
    await client.query("ROLLBACK");
    if (!LATER.has((error as { code?: string }).code ?? "")) throw error;
    return problem((error as Error).message);
  }
}

function problem(text: string): Roles {
  return { granted: false, problem: text };
}

/** Answers the roles that are not there. */
async function makeRoles(client: Client): Promise<string[]> {
  const missing = async () => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT name FROM unnest($1::text[]) AS r (name) WHERE to_regrole(name) IS NULL",
      [Object.values(ROLES)],
    );
    return rows.map(({ name }) => name);
  };
  const { rows } = await client.query<{ may: boolean }>(
    "SELECT rolsuper OR rolcreaterole AS may FROM pg_roles WHERE rolname = current_user",
  );
  if (!rows[0]?.may) return missing();
  for (const name of await missing()) {
    await client.query(`CREATE ROLE ${name} NOLOGIN`).catch((error: { code?: string }) => {
      if (!CREATED_MEANWHILE.has(error.code ?? "")) throw error;
    });
  }
  return missing();
}

interface Owned {
  readonly kind: "TABLE" | "FUNCTION" | "DOMAIN";
  readonly name: string;
  readonly isMoved: boolean;
}

async function readOwned(client: Client, files: readonly MigrationFile[]): Promise<Owned[]> {
  const { tables, functions, domains } = schemaObjects(files);
  const { rows } = await client.query<Owned>(
    `SELECT kind, name, owner = to_regrole('${ROLES.migrator}') AS "isMoved" FROM (
       SELECT 'TABLE' AS kind, relname AS name, relowner AS owner FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname = ANY ($1)
       UNION ALL
       SELECT 'FUNCTION', proname, proowner FROM pg_proc
         WHERE pronamespace = current_schema()::regnamespace AND proname = ANY ($2)
       UNION ALL
       SELECT 'DOMAIN', typname, typowner FROM pg_type
         WHERE typnamespace = current_schema()::regnamespace AND typtype = 'd' AND typname = ANY ($3)
     ) AS o ORDER BY kind, name`,
    [tables, functions, domains],
  );
  return rows;
}

async function statementsFor(client: Client, files: readonly MigrationFile[]): Promise<string[]> {
  const owned = await readOwned(client, files);
  const { rows } = await client.query<{ schema: string; isMember: boolean }>(
    `SELECT current_schema() AS schema, pg_has_role(current_user, '${ROLES.migrator}', 'USAGE') AS "isMember"`,
  );
  const { schema = "public", isMember = false } = rows[0] ?? {};
  const place = client.escapeIdentifier(schema);
  const toMove = owned.filter(({ isMoved }) => !isMoved);
  return [
    // Whoever migrated first stays able to: what it owned is its group's from now on.
    ...(isMember ? [] : [`GRANT ${ROLES.migrator} TO CURRENT_USER`]),
    ...(toMove.length === 0 ? [] : [`GRANT USAGE, CREATE ON SCHEMA ${place} TO ${ROLES.migrator}`]),
    ...toMove.map(({ kind, name }) => `ALTER ${kind} ${name} OWNER TO ${ROLES.migrator}`),
    `GRANT USAGE ON SCHEMA ${place} TO ${ROLES.serving}, ${ROLES.reading}`,
    ...owned.flatMap(grantsOn),
  ];
}

function grantsOn({ kind, name }: Owned): string[] {
  const both = `${ROLES.serving}, ${ROLES.reading}`;
  switch (kind) {
    case "TABLE":
      return [
        `REVOKE ALL ON ${name} FROM ${both}`,
        `GRANT ${servingRights(name)} ON ${name} TO ${ROLES.serving}`,
        ...(SECRET.has(name) ? [] : [`GRANT SELECT ON ${name} TO ${ROLES.reading}`]),
      ];
    case "FUNCTION":
      return [`GRANT EXECUTE ON FUNCTION ${name} TO ${both}`];
    case "DOMAIN":
      return [];
  }
}
