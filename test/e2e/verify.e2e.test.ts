import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { execute } from "../../sandbox/postgres/postgres-at.ts";
import { anyRow } from "../../src/database/pool.ts";
import { tamper } from "../support/tamper.ts";
import { createAuditedWorld, type AuditedWorld } from "./audited-world.ts";
import type { RunningService } from "./running-service.ts";
import type { World } from "./world.ts";

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
const running = new AsyncDisposableStack();
let audited: AuditedWorld;
let service: RunningService;

beforeAll(async () => {
  audited = await createAuditedWorld({ rail: "arc" }, async (world) => {
    service = world.run("first");
    await service.ready;
  });
  running.use(audited);
});

afterAll(() => running.disposeAsync());

/** `gigpay verify --json` with a login that can do nothing but read. */
async function gigpayVerify({ settings }: World, ...options: string[]) {
  const url = new URL(settings["DATABASE_MIGRATION_URL"] ?? "");
  await execute(
    url.href,
    "DROP ROLE IF EXISTS verifier; CREATE ROLE verifier LOGIN IN ROLE gigpay_reading",
  );
  url.username = "verifier";
  const env = { PATH: process.env["PATH"] ?? "", ...settings, DATABASE_URL: url.href };
  return new Promise<{ code: number; document: VerifyDocument }>((resolve) => {
    const child = execFile(
      process.execPath,
      [GIGPAY, "--json", "verify", ...options],
      { env, maxBuffer: 1e8 },
      (_, stdout, stderr) =>
        resolve({
          code: child.exitCode ?? -1,
          document: JSON.parse(stdout || JSON.stringify({ stderr })) as VerifyDocument,
        }),
    );
  });
}

interface VerifyDocument {
  readonly checks: readonly { name: string; rows: number; ms: number; mismatches: number }[];
  readonly mismatches: readonly { kind: string }[];
}

test("a ledger after real payments agrees with the real chain, log by log and slot by slot", async () => {
  const { world, traffic, untilEnded } = audited;
  await traffic.publish(40, 40);
  await untilEnded(40);
  const { code, document } = await gigpayVerify(world, "--slots", "all");
  expect(document).toMatchObject({ mismatches: [] });
  expect(code).toBe(0);
  const rowsOf = Object.fromEntries(document.checks.map(({ name, rows }) => [name, rows]));
  expect(rowsOf).toMatchObject({ chain: 40, slots: 40, completed_without_paid: 40 });
});

test("damage that comes while nobody serves is found by the next look: alarm, pause, metric, and exit 9", async () => {
  const { world } = audited;
  await service.stop();
  await tamper(
    world.pool,
    sql.type(anyRow)`
      UPDATE payment_outcomes SET decided_at = payment_now() - interval '1 second'
      WHERE payment_id = (SELECT id FROM payments ORDER BY id LIMIT 1)`,
    sql.type(anyRow)`
      UPDATE payments SET net_amount = net_amount - 1, fee = fee + 1
      WHERE id = (SELECT id FROM payments ORDER BY id LIMIT 1)`,
  );
  const next = world.run("second");
  const alarm = await next.log.next("the alarm", ({ msg }) => msg === "an invariant is broken");
  expect(alarm).toMatchObject({
    alarm: { kind: "ledger_mismatch", details: { kinds: { completed_under_other_terms: 1 } } },
  });
  await next.log.next("the pause", ({ msg }) => msg.includes("paused"));
  expect(await world.pool.any(sql.type(anyRow)`SELECT scope, reason FROM pauses`)).toEqual([
    { scope: "*", reason: "alarm: ledger_mismatch" },
  ]);
  const { port } = await next.log.next("its port", ({ msg }) => msg === "metrics are served");
  const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  expect(metrics).toContain(
    'payments_reconciliation_mismatches{kind="completed_under_other_terms"} 1',
  );
  expect(metrics).toContain('payments_reconciliation_mismatches{kind="paid_twice"} 0');
  const { code, document } = await gigpayVerify(world);
  expect(code).toBe(9);
  expect(document.mismatches.map(({ kind }) => kind).sort()).toEqual([
    "completed_under_other_terms",
    "money_not_conserved",
  ]);
});
