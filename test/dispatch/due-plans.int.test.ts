import { Client } from "pg";
import { sql, type CommonQueryMethods } from "slonik";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { listDueQueues, type Queue } from "../../src/dispatch/due-queues.ts";
import { pickDue } from "../../src/dispatch/pick-due.ts";
import { addressOf } from "../support/seed.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { planPayments } from "./dispatch-world.ts";

const BACKLOG = 100_000;
const NEIGHBOURS = 20;
/** A statement for all of the backlog would meet its time-out on a busy machine. */
const PARTS = 10;

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

interface Captured {
  readonly sql: string;
  readonly values: readonly unknown[];
}

let fresh: FreshDatabase;
let client: Client;

beforeAll(async () => {
  fresh = await freshDatabase();
  client = new Client({ connectionString: fresh.url });
  await client.connect();
  await planPayments(fresh.pool, { name: "backlog", platformId: "busy", count: BACKLOG });
  for (let i = 0; i < NEIGHBOURS; i += 1) {
    await planPayments(fresh.pool, { name: "n", platformId: `neighbour-${i}`, count: 2 });
  }
  await planPayments(fresh.pool, { name: "v", platformId: "neighbour-0", state: "voiding" });
  for (let part = 0; part < PARTS; part += 1) {
    await fresh.pool.query(sql.type(anyRow)`
      UPDATE payments SET next_attempt_at = payment_now() - interval '1 second'
      WHERE platform_id = 'busy' AND abs(hashtext(id::text)) % ${2 * PARTS} = ${2 * part}`);
  }
});

afterAll(async () => {
  await client.end();
  await fresh[Symbol.asyncDispose]();
});

/** Passes a statement on and keeps it, so that its own plan is looked at and not a copy's. */
function capturing(): { db: CommonQueryMethods; captured: Captured[] } {
  const captured: Captured[] = [];
  const any = (query: Parameters<CommonQueryMethods["any"]>[0]) => {
    captured.push(query);
    return fresh.pool.any(query);
  };
  return { db: { ...fresh.pool, any } as CommonQueryMethods, captured };
}

/** As a prepared statement runs it after its fifth time: planned without knowing its values. */
async function genericPlan({ sql: text, values }: Captured): Promise<PlanNode[]> {
  const literals = values.map((value) => {
    if (typeof value === "number") return String(value);
    const array = Array.isArray(value) ? `{${value.map((each) => `"${each}"`).join(",")}}` : value;
    return client.escapeLiteral(String(array));
  });
  await client.query("SET plan_cache_mode = force_generic_plan");
  await client.query(`PREPARE look AS ${text.replaceAll("$slonik_", "$")}`);
  const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE look (${literals.join(", ")})`,
  );
  await client.query("DEALLOCATE look");
  return flatten(rows[0]?.["QUERY PLAN"][0].Plan ?? expect.fail());
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}

function rowsRead(nodes: readonly PlanNode[]): number {
  return nodes
    .filter((node) => node["Relation Name"] === "payments")
    .reduce((sum, node) => {
      const each = node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0);
      return sum + each * node["Actual Loops"];
    }, 0);
}

describe.each(["without statistics", "with statistics"])("a backlog of 100,000, %s", (when) => {
  beforeAll(async () => {
    if (when === "with statistics") await client.query("ANALYZE");
  });

  test("is stepped over when the queues are listed", async () => {
    const { db, captured } = capturing();
    const { due } = await listDueQueues(db, "circle", { pay: undefined, void: undefined });
    expect(due).toHaveLength(1 + NEIGHBOURS + 1);
    const plan = await genericPlan(captured[0] ?? expect.fail());
    expectOnlyIndex(plan);
    expect(rowsRead(plan)).toBeLessThan(10 * due.length);
  });

  test("costs as much as is taken of it", async () => {
    const queues: Queue[] = [
      { intent: "pay", platformId: "busy", payer: addressOf("busy"), token: addressOf("USDC") },
      ...Array.from({ length: NEIGHBOURS }, (_, i) => ({
        intent: "pay" as const,
        platformId: `neighbour-${i}`,
        payer: addressOf(`neighbour-${i}`),
        token: addressOf("USDC"),
      })),
    ];
    const { db, captured } = capturing();
    const picked = await pickDue(db, "circle", queues, 5);
    expect(picked.map((each) => each.length)).toEqual([10, ...Array(NEIGHBOURS).fill(2)]);
    const plan = await genericPlan(captured[0] ?? expect.fail());
    expectOnlyIndex(plan);
    expect(rowsRead(plan)).toBeLessThanOrEqual(10 + 2 * NEIGHBOURS + 1);
  });
});

function expectOnlyIndex(plan: readonly PlanNode[]): void {
  const onPayments = plan.filter((node) => node["Relation Name"] === "payments");
  expect(onPayments.length).toBeGreaterThan(0);
  for (const node of onPayments) {
    expect(node["Node Type"]).toMatch(/^Index (Only )?Scan$/);
    expect(node["Index Name"]).toBe("payments_due");
  }
  const sorted = plan.filter((node) => /Sort/.test(node["Node Type"]));
  for (const node of sorted) expect(node["Actual Rows"]).toBeLessThan(1_000);
}

test("a page of queues ends where it must and the next turn goes on behind it", async () => {
  const { due } = await listDueQueues(fresh.pool, "circle", { pay: undefined, void: undefined });
  const pays = due.filter((queue) => queue.intent === "pay");
  const cursor = { pay: pays[6], void: undefined };
  const next = await listDueQueues(fresh.pool, "circle", cursor);
  expect(next.due.filter((queue) => queue.intent === "pay")).toEqual([
    ...pays.slice(7),
    ...pays.slice(0, 7),
  ]);
});
