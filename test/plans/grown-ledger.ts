import { sql } from "slonik";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { writeLedger } from "../settlement/long-history.ts";
import { instance } from "../settlement/settle-world.ts";
import { addressOf } from "../support/seed.ts";
import { tokens } from "../support/acceptance.ts";

const PAYMENTS_PER_SEND = 50;

/**
 * Tables that grow for as long as the service runs, and have grown: a ledger of so many settled payments, what sent them, and
 * what was told of them. The statistics are those of these rows.
 */
export async function growLedger(
  pool: Database,
  payments: number,
  lastBlock: number,
): Promise<void> {
  await writeLedger(pool, payments, lastBlock);
  const paymentId = sql.fragment`md5(n::text)::uuid`;
  const sendId = (n: ReturnType<typeof sql.fragment>) => sql.fragment`md5('send' || ${n})::uuid`;
  const sends = payments / PAYMENTS_PER_SEND;
  const some = payments / 10;
  const at = sql.fragment`(payment_now() - interval '1 hour' - n * interval '1 second')`;
  const statements = [
    sql.fragment`INSERT INTO transactions (id, rail, chain_id, pay_once, operator, kind, item_count, calldata, gas_limit,
        state, wallet_id, idempotency_key, circle_id, hashes, tx_hash, created_at, closed_at)
      SELECT ${sendId(sql.fragment`n`)}, 'circle', ${instance.chainId}, ${instance.payOnce}, ${addressOf("operator")}, 'pay',
        ${PAYMENTS_PER_SEND}, '0x' || repeat('ab', 2000), 1, 'mined', 'wallet', gen_random_uuid(), 'circle-' || n,
        ARRAY['0x' || md5('hash' || n)], '0x' || md5('hash' || n), ${at}, ${at}
      FROM generate_series(0, ${sends}) AS n`,
    sql.fragment`INSERT INTO transaction_items (transaction_id, position, payment_id, generation, payer, token, recipient,
        amount, outcome)
      SELECT ${sendId(sql.fragment`n / ${PAYMENTS_PER_SEND}`)}, n % ${PAYMENTS_PER_SEND}, ${paymentId}, 1,
        ${addressOf("payer")}, ${tokens.USDC}, ${addressOf("worker")}, 48.75, 'paid'
      FROM generate_series(1, ${payments}) AS n`,
    sql.fragment`INSERT INTO dead_letters (id, status, code, message, platform_id, topic, partition, record_offset, value,
        value_sha256, created_at, closed_at, closed_by, closed_reason)
      SELECT gen_random_uuid(), CASE WHEN n % 100 = 0 THEN 'open' ELSE 'discarded' END, 'not_avro', 'x', 'platform-1',
        'task.completed', 0, n, 'x', 'x', ${at}, CASE WHEN n % 100 <> 0 THEN ${at} END, 'ada', 'x'
      FROM generate_series(1, ${some}) AS n`,
    sql.fragment`INSERT INTO live_events (number, event_id, kind, decided_at, payment_id, generation, platform_id, worker_id,
        task_id, amount, currency)
      SELECT n, gen_random_uuid(), 'completed', ${at}, ${paymentId}, 1, 'platform-' || n % 10, 'worker-' || n % 1000, 'task-' || n,
        50, 'USDC' FROM generate_series(1, ${some}) AS n`,
    sql.fragment`UPDATE live_sequence SET last = ${some}`,
    sql.fragment`INSERT INTO announced_outcomes (event_id, payment_id, generation, kind, topic, partition, record_offset)
      SELECT md5('event' || n)::uuid, ${paymentId}, 1, 'completed', 'payment.completed', 0, n
      FROM generate_series(1, ${some}) AS n WHERE n % 40 <> 0`,
    sql.fragment`INSERT INTO webhook_endpoints (id, platform_id, url, event_types)
      SELECT md5('endpoint' || n)::uuid, 'platform-' || n, 'https://example.org', ARRAY['payment.completed']
      FROM generate_series(0, 9) AS n`,
    sql.fragment`INSERT INTO webhook_messages (id, platform_id, type, body, created_at, fanned_out_at)
      SELECT md5('message' || n)::uuid, 'platform-' || n % 10, 'payment.completed', '{}', ${at}, ${at}
      FROM generate_series(1, ${some}) AS n`,
    sql.fragment`INSERT INTO webhook_deliveries (message_id, endpoint_id, status, delivered_at, created_at)
      SELECT md5('message' || n)::uuid, md5('endpoint' || n % 10)::uuid, 'delivered', ${at}, ${at}
      FROM generate_series(1, ${some}) AS n`,
  ];
  await pool.transaction(async (tx) => {
    await tx.query(sql.type(anyRow)`SET LOCAL session_replication_role = replica`);
    await tx.query(sql.type(anyRow)`SET LOCAL statement_timeout = 0`);
    for (const statement of statements) await tx.query(sql.type(anyRow)`${statement}`);
  });
  await pool.connect(async (connection) => {
    await connection.query(sql.type(anyRow)`SET statement_timeout = 0`);
    await connection.query(sql.type(anyRow)`VACUUM (ANALYZE)`);
    await connection.query(sql.type(anyRow)`RESET statement_timeout`);
  });
}
