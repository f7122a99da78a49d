import { sql, type FragmentSqlToken } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { wholeLedger, type LedgerCheck } from "./ledger-check.ts";
import { LEDGER_CHECKS, type LedgerMismatch } from "./ledger-checks.ts";
import { addUp, MISMATCHES_MAX, type Checked } from "./run-checks.ts";
import type { Mismatch } from "./verification.ts";

/** Of one statement: some tenths of a second, so that vacuum is never held back, and memory stays small. */
const PAYMENTS_MAX = 5_000;
/** The columns that checks by payment name; a check that names another one fails at once. */
const PAYMENT_COLUMNS = sql.fragment`
  p.id, p.platform_id, p.task_id, p.source_event_id, p.state, p.generation, p.method, p.chain_id, p.pay_once, p.payer, p.token,
  p.recipient, p.net_amount, p.first_sent_at, p.tx_hash, p.log_index, p.void_tx_hash, p.doubt_reason`;

const BY_PAYMENT = Object.entries(LEDGER_CHECKS).filter(
  ([, { by, onlyWhole }]) => by === undefined && !onlyWhole,
) as [LedgerMismatch, LedgerCheck][];
const COUNTED = [...new Set(BY_PAYMENT.map(([, { table }]) => table))];

const row = z.object({ name: z.string(), payment_id: z.string().nullable(), detail: z.string() });

/** Makes every check by payment of these, a few thousand at a time. */
export async function verifyPayments(pool: Database, ids: readonly string[]): Promise<Checked> {
  const parts: Checked[] = [];
  for (let from = 0; from < Math.max(ids.length, 1); from += PAYMENTS_MAX) {
    parts.push(await verifyPart(pool, ids.slice(from, from + PAYMENTS_MAX)));
  }
  return addUp(parts);
}

async function verifyPart(pool: Database, ids: readonly string[]): Promise<Checked> {
  const started = performance.now();
  const rows = ids.length === 0 ? [] : await readPart(pool, ids);
  const found = Map.groupBy(rows, ({ name }) => name);
  const ms = Math.round((performance.now() - started) / BY_PAYMENT.length);
  const mismatches: Mismatch[] = [];
  const reports = BY_PAYMENT.map(([name, { table, severity }]) => {
    const ofThis = found.get(name) ?? [];
    mismatches.push(
      ...ofThis.map(({ payment_id: paymentId, detail }) => {
        return { kind: name, severity, paymentId, blockNumber: null, detail };
      }),
    );
    const count = Number(found.get(table)?.[0]?.detail ?? 0);
    return { name, rows: count, ms, mismatches: ofThis.length };
  });
  return { reports, mismatches };
}

/**
 * One statement, so one snapshot. What belongs to the payments is read once, row by row through an index each, and takes the
 * place of the tables under their own names: the checks are the same words as of the whole ledger.
 */
async function readPart(pool: Database, ids: readonly string[]) {
  const scope = wholeLedger(0);
  const asked = BY_PAYMENT.map(
    ([name, check]) => sql.fragment`
      (SELECT ${name}::text AS name, payment_id, coalesce(detail, '') AS detail
       FROM (${check.statement(scope)}) AS found LIMIT ${MISMATCHES_MAX})`,
  );
  const counted = COUNTED.map(
    (table) => sql.fragment`
      (SELECT ${table}::text, NULL::uuid, count(*)::text FROM ${sql.identifier([table])})`,
  );
  return transact(pool, async (tx) => {
    // Every row is reached by an index below. What is joined then is in memory, and its planner's guess of few rows would
    // go through it once for each; and compiling takes longer than running. The line's sessions hash nothing by themselves.
    await tx.query(sql.type(anyRow)`
      SELECT set_config('enable_nestloop', 'off', true), set_config('enable_hashjoin', 'on', true),
        set_config('enable_mergejoin', 'on', true), set_config('jit', 'off', true)`);
    return tx.any(sql.type(row)`
      WITH ${rowsOf(ids)} ${sql.join([...asked, ...counted], sql.fragment` UNION ALL `)}`);
  });
}

/** Each `OFFSET 0` keeps its subquery one: it is asked by its index for each row, whatever the planner thinks of the table. */
function rowsOf(ids: readonly string[]): FragmentSqlToken {
  const ofTouched = (table: FragmentSqlToken, columns: FragmentSqlToken) => sql.fragment`
    SELECT r.* FROM touched CROSS JOIN LATERAL (
      SELECT ${columns} FROM ${table} x WHERE x.payment_id = touched.id OFFSET 0) AS r`;
  return sql.fragment`
    touched AS MATERIALIZED (SELECT id FROM unnest(${sql.array(ids, "uuid")}) AS t (id)),
    payments AS MATERIALIZED (
      SELECT r.* FROM touched CROSS JOIN LATERAL (
        SELECT ${PAYMENT_COLUMNS} FROM payments p WHERE p.id = touched.id OFFSET 0) AS r),
    chain_events AS MATERIALIZED (${ofTouched(
      sql.fragment`chain_events`,
      sql.fragment`x.chain_id, x.pay_once, x.tx_hash, x.log_index, x.kind, x.ref, x.payment_id, x.generation, x.payer,
        x.recipient, x.token, x.amount_micros, x.transfer_log_index`,
    )}),
    payment_outcomes AS MATERIALIZED (${ofTouched(
      sql.fragment`payment_outcomes`,
      sql.fragment`x.payment_id, x.generation, x.kind, x.event_id`,
    )}),
    reputation_events AS MATERIALIZED (${ofTouched(sql.fragment`reputation_events`, sql.fragment`x.payment_id`)}),
    audit_log AS MATERIALIZED (${ofTouched(
      sql.fragment`audit_log`,
      sql.fragment`x.payment_id, x.generation, x.action`,
    )}),
    transfers AS MATERIALIZED (${ofTouched(sql.fragment`transfers`, sql.fragment`x.*`)}),
    inbox AS MATERIALIZED (
      SELECT r.* FROM payments p CROSS JOIN LATERAL (
        SELECT x.platform_id, x.event_id, x.payment_id FROM inbox x
        WHERE x.platform_id = p.platform_id AND x.event_id = p.source_event_id OFFSET 0) AS r),
    tasks AS MATERIALIZED (
      SELECT r.* FROM payments p CROSS JOIN LATERAL (
        SELECT t.platform_id, t.id, t.status, t.paid_by FROM tasks t
        WHERE t.platform_id = p.platform_id AND t.id = p.task_id OFFSET 0) AS r),
    announced_outcomes AS MATERIALIZED (
      SELECT r.* FROM payment_outcomes o CROSS JOIN LATERAL (
        SELECT n.event_id FROM announced_outcomes n WHERE n.event_id = o.event_id OFFSET 0) AS r),
    transaction_items AS MATERIALIZED (
      SELECT r.* FROM payments p CROSS JOIN LATERAL (
        SELECT i.transaction_id, i.payment_id, i.generation FROM transaction_items i WHERE i.payment_id = p.id OFFSET 0) AS r
      WHERE p.state = 'failed' AND p.method = 'transfer'),
    transactions AS MATERIALIZED (
      SELECT r.* FROM (SELECT DISTINCT transaction_id FROM transaction_items) i CROSS JOIN LATERAL (
        SELECT t.id, t.state, t.provider_end, t.answers, t.posts FROM transactions t
        WHERE t.id = i.transaction_id OFFSET 0) AS r)`;
}
