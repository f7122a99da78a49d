import { sql } from "slonik";
import { z } from "zod";
import { type Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { failpoint } from "../failpoint.ts";
import type { OutcomeDecoder } from "../kafka/decode-outcome.ts";
import type { Logger } from "../log.ts";
import { messageBody } from "./message-body.ts";

const MESSAGES_MAX = 200;

export interface FanOutDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly codec: OutcomeDecoder;
}

export interface FannedOut {
  readonly messages: number;
  readonly deliveries: number;
  /** None: there is nothing to look for until somebody makes one. */
  readonly hasEndpoints: boolean;
}

const messageRow = z.object({
  id: z.string(),
  type: z.string(),
  payload: z.instanceof(Buffer).nullable(),
});

/**
 * Makes the oldest new messages into one delivery per endpoint that asked for them. Selected by what the table says and
 * never by a number remembered, for ids and times are given before commits. Two instances at once, or a crash, make
 * each delivery once: the message is marked in the statement that makes them, and one that another instance is at is passed
 * over. Nothing while a restored database has yet to
 * learn what its own topics hold: it might tell the same event in other words.
 */
export async function fanOut({ pool, log, codec }: FanOutDeps): Promise<FannedOut> {
  const found = await askDatabase(() =>
    pool.any(sql.prepared("webhooks-read-new", messageRow)`
      SELECT m.id, m.type, m.payload FROM webhook_messages m
      WHERE m.fanned_out_at IS NULL
        AND NOT EXISTS (SELECT FROM restores r WHERE r.closed_at IS NULL AND r.topics_read_at IS NULL)
      ORDER BY m.created_at LIMIT ${MESSAGES_MAX}
    `),
  );
  if (found.length === 0) {
    return { messages: 0, deliveries: 0, hasEndpoints: await anyEndpoint(pool) };
  }
  await failpoint("webhooks.read");
  const bodies: { id: string; body: string | null }[] = [];
  for (const { id, type, payload } of found) {
    const kind = type === "payment.completed" ? "completed" : "failed";
    const outcome = await codec.decodeOutcome(kind, payload);
    // Its neighbours must be told all the same.
    if (!outcome) log.error({ messageId: id, type }, "no webhook: an event of ours cannot be read");
    bodies.push({ id, body: outcome ? messageBody(outcome) : null });
  }
  const deliveries = await write(pool, bodies);
  await failpoint("webhooks.fanned_out");
  return { messages: found.length, deliveries, hasEndpoints: true };
}

const existsRow = z.object({ exists: z.boolean() });

async function anyEndpoint(pool: Database): Promise<boolean> {
  const { exists } = await askDatabase(() =>
    pool.one(sql.prepared("webhooks-any-endpoint", existsRow)`
      SELECT EXISTS (SELECT FROM webhook_endpoints) AS exists`),
  );
  return exists;
}

const idRow = z.object({ id: z.string() });

async function write(
  pool: Database,
  bodies: readonly { readonly id: string; readonly body: string | null }[],
): Promise<number> {
  const ids = sql.array(
    bodies.map(({ id }) => id),
    "uuid",
  );
  const texts = sql.array(
    bodies.map(({ body }) => body),
    "text",
  );
  const made = await askDatabase(() =>
    pool.any(sql.prepared("webhooks-fan-out", idRow)`
      WITH mine AS (
        SELECT m.id FROM webhook_messages m WHERE m.id = ANY(${ids}) AND m.fanned_out_at IS NULL
        FOR UPDATE SKIP LOCKED
      ), told AS (
        UPDATE webhook_messages m SET body = t.body, payload = NULL, fanned_out_at = payment_now()
        FROM unnest(${ids}, ${texts}) AS t (id, body) JOIN mine USING (id)
        WHERE m.id = t.id
        RETURNING m.id, m.platform_id, m.type, m.body
      )
      INSERT INTO webhook_deliveries (message_id, endpoint_id, next_attempt_at)
      SELECT t.id, e.id, payment_now()
      FROM told t JOIN webhook_endpoints e ON e.platform_id = t.platform_id AND t.type = ANY (e.event_types)
      WHERE t.body IS NOT NULL AND e.disabled_at IS NULL AND e.deleted_at IS NULL
      ON CONFLICT DO NOTHING
      RETURNING id
    `),
  );
  return made.length;
}
