import assert from "node:assert/strict";
import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { parseFeeRate } from "../payment/fee.ts";
import { parseMicros, type Micros } from "../payment/money.ts";
import type { AcceptanceSettings } from "./acceptance-deps.ts";
import type { EligibilityFacts } from "./check-eligibility.ts";

export interface FactsSubject {
  readonly paymentId: string;
  readonly platformId: string;
  readonly taskId: string;
  readonly workerId: string;
}

/** `platform: null`: no such platform. */
export type SubjectFacts = Pick<EligibilityFacts, "task" | "workerWallet"> & {
  readonly platform: EligibilityFacts["platform"] | null;
  readonly paidOnChain: boolean;
  /** What our own topics had said of it before this database was restored; `completed` where both were said. */
  readonly announced: "completed" | "failed" | null;
};

export interface DirectoryFacts {
  /** The database's clock, for everything that this commit writes. */
  readonly now: Date;
  readonly restoredAt: Date | null;
  /** A restore was noticed, and no operator has closed it yet. */
  readonly isRestoring: boolean;
  /** One per subject, in order. */
  readonly of: readonly SubjectFacts[];
}

const factsRow = z.object({
  place: z.bigint().nullable(),
  now: z.date(),
  restored_at: z.date().nullable(),
  is_restoring: z.boolean(),
  payer: z.string().nullable(),
  task_source: z.enum(["directory", "event"]).nullable(),
  fee_percentage: z.string().nullable(),
  task_worker_id: z.string().nullable(),
  task_amount: z.string().nullable(),
  task_currency: z.string().nullable(),
  task_status: z
    .enum(["created", "assigned", "in_progress", "completed", "paid", "disputed", "cancelled"])
    .nullable(),
  task_created_at: z.date().nullable(),
  worker_wallet: z.string().nullable(),
  paid_on_chain: z.boolean(),
  announced: z.enum(["completed", "failed"]).nullable(),
});

/** What a whole batch is decided by, in one statement, so that it is all of one moment. */
export async function readFacts(
  tx: Transaction,
  { chainId, payOnce }: AcceptanceSettings,
  subjects: readonly FactsSubject[],
): Promise<DirectoryFacts> {
  const column = (type: string, of: (subject: FactsSubject) => string) =>
    sql.array(subjects.map(of), type);
  const rows = await tx.any(sql.prepared("acceptance-read-facts", factsRow)`
    SELECT s.place, c.now, c.restored_at, c.is_restoring,
      p.wallet_address AS payer, p.task_source, p.fee_percentage::text,
      t.worker_id AS task_worker_id, t.amount::text AS task_amount, t.currency AS task_currency,
      t.status AS task_status, t.created_at AS task_created_at, w.wallet_address AS worker_wallet,
      EXISTS (
        SELECT FROM chain_events e WHERE e.payment_id = s.payment_id AND e.kind = 'paid'
          AND e.chain_id = ${chainId}::bigint AND e.pay_once = ${payOnce}
        -- Keeps the planner from making one hash of all that was ever paid.
        OFFSET 0
      ) AS paid_on_chain,
      (SELECT min(a.kind) FROM announced_outcomes a WHERE a.payment_id = s.payment_id) AS announced
    FROM (
      SELECT payment_now() AS now, (SELECT d.restored_at FROM deployment d) AS restored_at,
        EXISTS (SELECT FROM restores r WHERE r.closed_at IS NULL) AS is_restoring
    ) c
    LEFT JOIN unnest(
      ${column("uuid", ({ paymentId }) => paymentId)}, ${column("text", ({ platformId }) => platformId)},
      ${column("text", ({ taskId }) => taskId)}, ${column("text", ({ workerId }) => workerId)}
    ) WITH ORDINALITY AS s (payment_id, platform_id, task_id, worker_id, place) ON true
    LEFT JOIN platforms p ON p.id = s.platform_id
    LEFT JOIN tasks t ON t.platform_id = s.platform_id AND t.id = s.task_id
    LEFT JOIN workers w ON w.id = s.worker_id
    ORDER BY s.place
  `);
  const [first] = rows;
  assert(first && rows.length === Math.max(1, subjects.length), "one row per subject");
  const of = first.place === null ? [] : rows.map(toFacts);
  const { now, restored_at: restoredAt, is_restoring: isRestoring } = first;
  return { now, restoredAt, isRestoring, of };
}

function toFacts(row: z.infer<typeof factsRow>): SubjectFacts {
  const { payer, task_source: taskSource } = row;
  return {
    platform:
      payer === null || taskSource === null
        ? null
        : {
            wallet: payer,
            taskSource,
            feeRate: row.fee_percentage === null ? null : feeRate(row.fee_percentage),
          },
    task: toTask(row),
    workerWallet: row.worker_wallet,
    paidOnChain: row.paid_on_chain,
    announced: row.announced,
  };
}

function toTask(row: z.infer<typeof factsRow>): SubjectFacts["task"] {
  const { task_worker_id: workerId, task_currency: currency, task_status: status } = row;
  const { task_amount: amount, task_created_at: createdAt } = row;
  if (workerId === null || amount === null || currency === null) return null;
  assert(status && createdAt, "NOT NULL in the schema");
  return { workerId, amount: micros(amount), currency, status, createdAt };
}

function micros(text: string): Micros {
  const value = parseMicros(text);
  assert(value !== undefined, "numeric(20,6) is an amount");
  return value;
}

function feeRate(text: string): bigint {
  const rate = parseFeeRate(text);
  assert(rate !== undefined, "numeric(7,4) below 100 is a rate");
  return rate;
}
