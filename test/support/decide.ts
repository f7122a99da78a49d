import type { Client } from "pg";
import { eventIdOf, paymentIdOf } from "../../src/payment/ids.ts";

export interface Decided {
  readonly taskId: string;
  readonly platformId?: string;
  readonly workerId?: string;
  readonly message?: string;
}

/** As acceptance leaves payments that failed at once, with their outcomes; in whatever transaction the client has. */
export async function decide(
  client: Pick<Client, "query">,
  ...all: readonly Decided[]
): Promise<string[]> {
  const rows = all.map(({ taskId, platformId = "acme", workerId = "amy", message = "no" }) => {
    const id = paymentIdOf(platformId, taskId);
    return { id, taskId, platformId, workerId, message, event: eventIdOf(id, 1, "failed") };
  });
  const given = [JSON.stringify(rows)];
  const from = `json_to_recordset($1) AS d (id uuid, "taskId" text, "platformId" text, "workerId" text, message text, event uuid)`;
  await client.query(
    `INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
       failure_code, failure_message, failure_retryable, occurred_at, received_at, settled_at)
     SELECT id, "platformId", "taskId", "workerId", 50, 'USDC', "taskId", "taskId", 'failed', 'worker_mismatch', message, true,
       payment_now(), payment_now(), payment_now() FROM ${from}`,
    given,
  );
  await client.query(
    `INSERT INTO payment_outcomes (payment_id, generation, kind, code, event_id)
     SELECT id, 1, 'failed', 'worker_mismatch', event FROM ${from}`,
    given,
  );
  return rows.map(({ id }) => id);
}
