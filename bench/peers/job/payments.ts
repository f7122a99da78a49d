import type { PoolClient, Pool } from "pg";
import type { Transfer } from "../../provider/ledger.ts";
import type { PayOrder } from "../../provider/provider.ts";
import { parseMicros, type Task } from "./task.ts";

type Database = Pick<Pool | PoolClient, "query">;

/** A payment whose checks have passed. All of it JSON. */
export interface Payment {
  readonly id: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly platformId: string;
  readonly sourceEventId: string;
  readonly amount: string;
  readonly fee: string;
  readonly netAmount: string;
  readonly currency: string;
  readonly payer: string;
  readonly recipient: string;
  readonly occurredAtMs: number;
  readonly txHash: string | null;
  readonly settledAtMs: number | null;
}

export type Settled = Payment & { readonly txHash: string; readonly settledAtMs: number };

/** Beside the directory, in each peer's own database. */
export const PAYMENTS_TABLE = `
  CREATE TABLE IF NOT EXISTS payments (
    id uuid PRIMARY KEY,
    platform_id text NOT NULL REFERENCES platforms,
    task_id text NOT NULL,
    worker_id text NOT NULL REFERENCES workers,
    source_event_id text NOT NULL,
    amount numeric(20, 6) NOT NULL CHECK (amount > 0),
    fee numeric(20, 6) NOT NULL,
    net_amount numeric(20, 6) NOT NULL,
    currency text NOT NULL,
    payer text NOT NULL,
    recipient text NOT NULL,
    state text NOT NULL,
    tx_hash text,
    occurred_at timestamptz NOT NULL,
    settled_at timestamptz,
    UNIQUE (platform_id, task_id)
  )`;

const COLUMNS = `
  id, task_id AS "taskId", worker_id AS "workerId", platform_id AS "platformId",
  source_event_id AS "sourceEventId", amount::text, fee::text, net_amount::text AS "netAmount", currency, payer, recipient,
  (extract(epoch FROM occurred_at) * 1000)::float8 AS "occurredAtMs", tx_hash AS "txHash",
  floor(extract(epoch FROM settled_at) * 1000)::float8 AS "settledAtMs"`;

/** As our service's checks: both are known, and the amount is within bounds. The fee is 2.5 %, rounded down. */
const ACCEPT = `
  WITH fresh AS (
    INSERT INTO payments (id, platform_id, task_id, worker_id, source_event_id, amount, fee, net_amount, currency, payer,
      recipient, state, occurred_at)
    SELECT t.id, t.platform_id, t.task_id, t.worker_id, t.event_id, t.amount, f.fee, t.amount - f.fee, t.currency,
      p.wallet_address, w.wallet_address, 'planned', to_timestamp(t.occurred_ms / 1000)
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::text[], $8::float8[])
      AS t (id, platform_id, task_id, worker_id, event_id, amount, currency, occurred_ms)
      JOIN platforms p ON p.id = t.platform_id
      JOIN workers w ON w.id = t.worker_id
      CROSS JOIN LATERAL (SELECT trunc(t.amount * 0.025, 6) AS fee) f
    WHERE t.amount BETWEEN 1 AND 10000 AND t.currency IN ('USDC', 'EURC')
    ON CONFLICT DO NOTHING
    RETURNING *)
  SELECT ${COLUMNS} FROM fresh
  UNION ALL SELECT ${COLUMNS} FROM payments WHERE id = ANY ($1)`;

/** Checks the tasks against the directory and writes their payments; those that are there already are answered as they are. */
export async function accept(db: Database, tasks: readonly Task[]): Promise<readonly Payment[]> {
  const column = <K extends keyof Task>(name: K) => tasks.map((task) => task[name]);
  const { rows } = await db.query<Payment>({
    name: "accept",
    text: ACCEPT,
    values: [
      column("paymentId"),
      column("platformId"),
      column("taskId"),
      column("workerId"),
      column("eventId"),
      column("amount"),
      column("currency"),
      column("occurredAtMs"),
    ],
  });
  return rows;
}

const SETTLE = `
  UPDATE payments SET state = 'completed', tx_hash = coalesce(tx_hash, paid.hash),
    settled_at = coalesce(settled_at, statement_timestamp())
  FROM unnest($1::uuid[], $2::text[]) AS paid (payment_id, hash)
  WHERE id = paid.payment_id
  RETURNING ${COLUMNS}`;

/** Writes down what the provider has executed. */
export async function settle(
  db: Database,
  payments: readonly Pick<Payment, "id">[],
  transfers: readonly Pick<Transfer, "id">[],
): Promise<readonly Settled[]> {
  const values = [payments.map(({ id }) => id), transfers.map(({ id }) => id)];
  return (await db.query<Settled>({ name: "settle", text: SETTLE, values })).rows;
}

/** With the payment's id as the key, as real providers ask for: the same payment is the same transfer. */
export function orderOf({ id, payer, recipient, netAmount }: Payment): PayOrder {
  return { payer, recipient, amount: parseMicros(netAmount), idempotencyKey: id };
}
