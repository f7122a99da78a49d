import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { TURN_LIMITS, type DueReceiver, type Receiver } from "./share-turns.ts";

const dueRow = z.object({
  endpointId: z.string(),
  platformId: z.string(),
  isFailing: z.boolean(),
  due: z.number(),
});

/** Whoever has something due, and how much of it may matter now. One index look per endpoint. */
export function readDue(pool: Database): Promise<readonly DueReceiver[]> {
  return askDatabase(() =>
    pool.any(sql.prepared("webhooks-read-due", dueRow)`
      SELECT e.id AS "endpointId", e.platform_id AS "platformId", e.failing_since IS NOT NULL AS "isFailing", d.due
      FROM webhook_endpoints e CROSS JOIN LATERAL (
        SELECT count(*)::int AS due FROM (
          SELECT FROM webhook_deliveries w
          WHERE w.endpoint_id = e.id AND w.status = 'pending' AND w.next_attempt_at <= payment_now()
          LIMIT ${TURN_LIMITS.endpoint}) AS waiting
      ) d
      WHERE e.disabled_at IS NULL AND e.deleted_at IS NULL AND d.due > 0
    `),
  );
}

const claimedRow = z.object({
  id: z.string(),
  endpointId: z.string(),
  platformId: z.string(),
  isFailing: z.boolean(),
  url: z.string(),
  messageId: z.string(),
  type: z.string(),
  body: z.string(),
  attempt: z.number(),
  triesLeft: z.number(),
  secret: z.string(),
  previousSecret: z.string().nullable(),
  now: z.date(),
});

/** A delivery that is this process's to make, until its lease is over. */
export type Claimed = z.infer<typeof claimedRow> & Receiver;

/**
 * Takes each endpoint's oldest due deliveries, as many as it has turns, and nobody else's: what another instance has locked
 * is passed over. The try is counted now, and the delivery is due again when the lease ends: a process that dies in
 * between, before or after the receiver had it, leaves it to be sent again under the same id.
 */
export function claimDue(
  pool: Database,
  turns: ReadonlyMap<string, number>,
  leaseMs: number,
): Promise<readonly Claimed[]> {
  const endpointIds = sql.array([...turns.keys()], "uuid");
  const counts = sql.array([...turns.values()], "int4");
  return askDatabase(() =>
    pool.any(sql.prepared("webhooks-claim-due", claimedRow)`
      WITH due AS (
        SELECT d.id FROM unnest(${endpointIds}, ${counts}) AS t (endpoint_id, turns)
        CROSS JOIN LATERAL (
          SELECT w.id FROM webhook_deliveries w
          WHERE w.endpoint_id = t.endpoint_id AND w.status = 'pending' AND w.next_attempt_at <= payment_now()
          ORDER BY w.next_attempt_at LIMIT t.turns
          FOR UPDATE SKIP LOCKED
        ) d
      ), claimed AS (
        UPDATE webhook_deliveries w SET attempts = w.attempts + 1, last_attempt_at = payment_now(),
          next_attempt_at = payment_now() + ${leaseMs} * interval '1 millisecond'
        FROM due WHERE w.id = due.id
        RETURNING w.id, w.endpoint_id, w.message_id, w.attempts, w.attempts_max - w.attempts AS tries_left
      )
      SELECT c.id, c.endpoint_id AS "endpointId", e.platform_id AS "platformId",
        e.failing_since IS NOT NULL AS "isFailing", e.url, m.id AS "messageId", m.type, m.body, c.attempts AS attempt,
        c.tries_left AS "triesLeft", s.secret,
        CASE WHEN s.previous_until > payment_now() THEN s.previous_secret END AS "previousSecret", payment_now() AS now
      FROM claimed c JOIN webhook_endpoints e ON e.id = c.endpoint_id JOIN webhook_secrets s ON s.endpoint_id = e.id
      JOIN webhook_messages m ON m.id = c.message_id
    `),
  );
}
