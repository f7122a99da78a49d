import { TOPICS } from "../../sandbox/demo/world.ts";
import { PLATFORMS, WORKERS, type History } from "./history.ts";
import {
  AMOUNT,
  CHAIN_ID,
  eachPayment,
  FEE,
  NET,
  OPERATOR,
  PAY_ONCE,
  TASK_ID,
  TOKEN,
  TX_HASH,
  unlessRejected,
  type OldTable,
} from "./old-table.ts";

/** As many as a topic has here. */
const PARTITIONS = 6;
const POINTS = 10;

const SOURCE_EVENT_ID = "'event-' || substr(o.hex, 1, 16)";
const ifRejected = (value: string) => `CASE WHEN o.rejected THEN ${value} END`;
const before = (ms: number) => `o.at - interval '${ms} milliseconds'`;

/** Those of whom the rest is, and a copy with the columns' own types, which spares each row of the rest the domains' checks. */
export function oldParties({ payments }: History): readonly string[] {
  const wallet = (what: string) =>
    `'0x' || substr(encode(sha256(('${what} ' || n)::bytea), 'hex'), 1, 40)`;
  const most = Math.ceil(payments / WORKERS) * POINTS;
  return [
    `INSERT INTO platforms (id, name, wallet_address, task_source)
      SELECT 'platform-' || n, 'platform-' || n, ${wallet("platform")}, 'event' FROM generate_series(1, ${PLATFORMS}) AS n`,
    `INSERT INTO workers (id, name, wallet_address, reputation)
      SELECT 'worker-' || n, 'worker-' || n, ${wallet("worker")}, ${most} FROM generate_series(1, ${WORKERS}) AS n`,
    `CREATE TABLE old_platforms AS SELECT row_number() OVER () - 1 AS number, id, wallet_address, ${TOKEN}::address AS token,
      ${PAY_ONCE}::address AS pay_once, ${OPERATOR}::address AS operator FROM platforms`,
    `CREATE TABLE old_workers AS SELECT row_number() OVER () - 1 AS number, id, wallet_address FROM workers`,
    "ANALYZE old_platforms, old_workers",
  ];
}

export function oldPayments(history: History): OldTable {
  return {
    table: "payments",
    from: eachPayment(history),
    columns: {
      id: "o.hex::uuid",
      platform_id: "p.id",
      task_id: TASK_ID,
      worker_id: "w.id",
      amount: AMOUNT,
      currency: "'USDC'",
      idempotency_key: "encode(sha256(o.hex::bytea), 'hex')",
      source_event_id: SOURCE_EVENT_ID,
      state: "CASE WHEN o.rejected THEN 'failed' ELSE 'completed' END",
      rail: unlessRejected("'arc'"),
      method: unlessRejected("'payonce'"),
      chain_id: unlessRejected(CHAIN_ID),
      pay_once: unlessRejected("p.pay_once"),
      payer: unlessRejected("p.wallet_address"),
      token: unlessRejected("p.token"),
      recipient: unlessRejected("w.wallet_address"),
      net_amount: unlessRejected(NET),
      fee: unlessRejected(FEE),
      failure_code: ifRejected("'risk_rejected'"),
      failure_message: ifRejected("'The platform has reached its limit of the day.'"),
      failure_retryable: ifRejected("true"),
      operator: unlessRejected("p.operator"),
      tx_hash: unlessRejected(TX_HASH),
      block_number: unlessRejected("o.block"),
      log_index: unlessRejected("o.place * 2 + 1"),
      occurred_at: before(1_000),
      received_at: before(970),
      accepted_at: before(950),
      planned_at: unlessRejected(before(950)),
      first_sent_at: unlessRejected(before(900)),
      sent_at: unlessRejected(before(900)),
      submitted_at: unlessRejected(before(850)),
      followed_at: unlessRejected(before(40)),
      logs_read_at: unlessRejected(before(30)),
      last_checked_at: unlessRejected("o.at"),
      settled_at: `CASE WHEN o.rejected THEN ${before(950)} ELSE o.at END`,
    },
  };
}

export function oldTasks(history: History): OldTable {
  return {
    table: "tasks",
    from: eachPayment(history),
    columns: {
      platform_id: "p.id",
      id: TASK_ID,
      worker_id: "w.id",
      amount: AMOUNT,
      currency: "'USDC'",
      status: "CASE WHEN o.rejected THEN 'completed' ELSE 'paid' END",
      paid_by: unlessRejected("o.hex::uuid"),
      paid_at: unlessRejected("o.at"),
      created_at: before(950),
      updated_at: `CASE WHEN o.rejected THEN ${before(950)} ELSE o.at END`,
    },
  };
}

export function oldInbox(history: History): OldTable {
  return {
    table: "inbox",
    from: eachPayment(history),
    columns: {
      platform_id: "p.id",
      event_id: SOURCE_EVENT_ID,
      payload_hash: "sha256(o.hex::bytea)",
      payment_id: "o.hex::uuid",
      verdict: "'new'",
      topic: `'${TOPICS.tasks}'`,
      partition: `(o.n % ${PARTITIONS})::integer`,
      record_offset: `o.n / ${PARTITIONS}`,
      received_at: before(950),
    },
  };
}

export function oldReputation(history: History): OldTable {
  return {
    table: "reputation_events",
    from: `${eachPayment(history)} WHERE NOT o.rejected`,
    columns: {
      payment_id: "o.hex::uuid",
      worker_id: "w.id",
      platform_id: "p.id",
      task_id: TASK_ID,
      points: String(POINTS),
      created_at: "o.at",
    },
  };
}
