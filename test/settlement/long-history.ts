import { sql } from "slonik";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { storeFirstCursor } from "../../src/settlement/cursor.ts";
import { addressOf, insertDeployment } from "../support/seed.ts";
import { instance } from "./settle-world.ts";

const USDC = "0x3600000000000000000000000000000000000000";

/**
 * A settled ledger of so many payments, written by the database itself: 39 of 40 completed, one voided and failed, as
 * settlement leaves them, fifty to a block. Guards are off while it is written, or the audit log alone would take minutes.
 */
export async function writeHistory(pool: Database, count: number): Promise<void> {
  const lastBlock = Math.ceil(count / 50);
  await insertDeployment(pool, instance);
  await storeFirstCursor(pool, instance, { number: BigInt(lastBlock), hash: "0xhead" });
  await writeLedger(pool, count, lastBlock);
}

/** The same in a deployment that follows the chain already, its last block here. */
export async function writeLedger(pool: Database, count: number, lastBlock: number): Promise<void> {
  const { chainId, payOnce } = instance;
  const failed = sql.fragment`n % 40 = 0`;
  const id = sql.fragment`md5(n::text)::uuid`;
  const block = sql.fragment`(n / 50 + ${lastBlock - Math.ceil(count / 50)})`;
  const at = sql.fragment`(payment_now() - (${count} - n) * interval '20 milliseconds' - interval '1 hour')`;
  const txHash = sql.fragment`'0x' || encode(sha256(${block}::text::bytea), 'hex')`;
  const all = sql.fragment`generate_series(1, ${count}::int) AS n`;
  const statements = [
    sql.fragment`INSERT INTO platforms (id, name, wallet_address)
      SELECT 'platform-' || n, 'p', ${addressOf("payer")} FROM generate_series(0, 9) AS n`,
    sql.fragment`INSERT INTO workers (id, wallet_address, reputation)
      SELECT 'worker-' || n, ${addressOf("worker")}, ${count} * 10 FROM generate_series(0, 9999) AS n`,
    sql.fragment`INSERT INTO tasks (platform_id, id, worker_id, amount, currency, status, paid_by, paid_at)
      SELECT 'platform-' || n % 10, 'task-' || n, 'worker-' || n % 10000, 50, 'USDC',
        CASE WHEN ${failed} THEN 'completed' ELSE 'paid' END, CASE WHEN NOT ${failed} THEN ${id} END,
        CASE WHEN NOT ${failed} THEN ${at} END FROM ${all}`,
    sql.fragment`INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key,
        source_event_id, state, rail, method, chain_id, pay_once, payer, token, recipient, net_amount, fee,
        first_sent_at, failure_code, failure_message, failure_retryable, tx_hash, block_number, log_index, void_tx_hash,
        occurred_at, received_at, accepted_at, planned_at, settled_at)
      SELECT ${id}, 'platform-' || n % 10, 'task-' || n, 'worker-' || n % 10000, 50, 'USDC', 'key-' || n, 'event-' || n,
        CASE WHEN ${failed} THEN 'failed' ELSE 'completed' END, 'arc', 'payonce', ${chainId}, ${payOnce},
        ${addressOf("payer")}, ${USDC}, ${addressOf("worker")}, 48.75, 1.25, ${at},
        CASE WHEN ${failed} THEN 'transfer_reverted' END, CASE WHEN ${failed} THEN 'x' END,
        CASE WHEN ${failed} THEN true END, CASE WHEN NOT ${failed} THEN ${txHash} END,
        CASE WHEN NOT ${failed} THEN ${block} END, CASE WHEN NOT ${failed} THEN n % 50 END,
        CASE WHEN ${failed} THEN ${txHash} END, ${at}, ${at}, ${at}, ${at}, ${at} FROM ${all}`,
    sql.fragment`INSERT INTO inbox (platform_id, event_id, payload_hash, payment_id, verdict, topic, partition,
        record_offset, received_at)
      SELECT 'platform-' || n % 10, 'event-' || n, sha256(n::text::bytea), ${id}, 'new', 'task.completed', n % 6, n / 6, ${at}
      FROM ${all}`,
    sql.fragment`INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref,
        payment_id, generation, payer, recipient, token, amount_micros, transfer_log_index, followed_at)
      SELECT ${chainId}, ${payOnce}, ${block}, '0x' || ${block}, ${txHash}, n % 50,
        CASE WHEN ${failed} THEN 'voided' ELSE 'paid' END, '0x' || replace(${id}::text, '-', ''), ${id}, 1,
        ${addressOf("payer")}, ${addressOf("worker")}, ${USDC}, 48750000, 0, ${at} FROM ${all}`,
    sql.fragment`INSERT INTO payment_outcomes (payment_id, generation, kind, event_id, decided_at)
      SELECT ${id}, 1, CASE WHEN ${failed} THEN 'failed' ELSE 'completed' END, md5('event' || n)::uuid, ${at} FROM ${all}`,
    sql.fragment`INSERT INTO outbox (event_id, topic, key, payload, payment_id, generation, created_at, published_at)
      SELECT md5('event' || n)::uuid, 'payment.completed', 'worker'::bytea, repeat('x', 200)::bytea, ${id}, 1, ${at}, ${at}
      FROM ${all}`,
    sql.fragment`INSERT INTO audit_log (at, actor, action, payment_id, generation)
      SELECT ${at}, 'system', CASE WHEN ${failed} THEN 'payment.failed' ELSE 'payment.completed' END, ${id}, 1 FROM ${all}`,
    sql.fragment`INSERT INTO reputation_events (payment_id, worker_id, platform_id, task_id, points)
      SELECT ${id}, 'worker-' || n % 10000, 'platform-' || n % 10, 'task-' || n, 10 FROM ${all} WHERE NOT ${failed}`,
  ];
  await pool.transaction(async (tx) => {
    await tx.query(sql.type(anyRow)`SET LOCAL session_replication_role = replica`);
    await tx.query(sql.type(anyRow)`SET LOCAL statement_timeout = 0`);
    for (const statement of statements) await tx.query(sql.type(anyRow)`${statement}`);
  });
  await pool.query(sql.type(anyRow)`ANALYZE`);
}
