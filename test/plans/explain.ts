import type { Client } from "pg";
import type { Statement } from "../support/tap-postgres.ts";

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** What a plan does with a table that it should not. */
export interface Objection {
  readonly table: string;
  readonly what: "seq scan" | "reads through";
}

/** A statement with what its transaction had set before it. */
export interface Asked extends Statement {
  readonly settings: readonly Statement[];
}

/** Each statement that reads or writes rows, once, with the settings that were local to its transaction. */
export function distinctStatements(statements: readonly Statement[]): readonly Asked[] {
  const settings = new Map<object, Statement[]>();
  const found = new Map<string, Asked>();
  for (const statement of statements) {
    const { session, text } = statement;
    if (/^\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK)/i.test(text)) settings.delete(session);
    if (/set_config\(/.test(text))
      settings.set(session, [...(settings.get(session) ?? []), statement]);
    if (!/^\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b/i.test(text)) continue;
    if (!found.has(text)) found.set(text, { ...statement, settings: settings.get(session) ?? [] });
  }
  return [...found.values()];
}

/** More than this was read only to be thrown away: it grows with the table. */
const READ_THROUGH_MAX = 500;
const WRITES = /\b(INSERT|UPDATE|DELETE)\b/;

/** Planned for these values, and, where it is prepared, for any; a statement that only reads is run as well. */
export async function objectionsTo(client: Client, asked: Asked): Promise<readonly Objection[]> {
  const { text, values, name, settings } = asked;
  await client.query("BEGIN");
  try {
    // What is still read from end to end then has no index to be found by, however large its table.
    await client.query("SET LOCAL enable_seqscan = off");
    for (const each of settings) await client.query(each.text, [...each.values]);
    const isRead = !WRITES.test(text);
    const custom = await explain(client, isRead ? "ANALYZE, TIMING OFF" : "", text, values);
    const generic = name === null ? [] : await explain(client, "GENERIC_PLAN", text, []);
    const all = [...custom, ...generic].flatMap(objectionsOf);
    return all.filter((one, at) => all.findIndex((other) => isSame(one, other)) === at);
  } finally {
    await client.query("ROLLBACK");
  }
}

/** The nodes of its plan, outermost first. */
export async function explain(
  client: Client,
  options: string,
  text: string,
  values: readonly unknown[],
): Promise<readonly PlanNode[]> {
  const how = ["FORMAT JSON", options].filter((option) => option !== "").join(", ");
  const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
    `EXPLAIN (${how}) ${text}`,
    [...values],
  );
  return rows.flatMap((row) => flatten(row["QUERY PLAN"][0].Plan));
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}

function objectionsOf(node: PlanNode): Objection[] {
  const table = node["Relation Name"];
  if (table === undefined) return [];
  if (node["Node Type"] === "Seq Scan") return [{ table, what: "seq scan" }];
  if (!node["Node Type"].startsWith("Index")) return [];
  const thrownAway = (node["Rows Removed by Filter"] ?? 0) * (node["Actual Loops"] ?? 1);
  return thrownAway > READ_THROUGH_MAX ? [{ table, what: "reads through" }] : [];
}

function isSame(one: Objection, other: Objection): boolean {
  return one.table === other.table && one.what === other.what;
}
