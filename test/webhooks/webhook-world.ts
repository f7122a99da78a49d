import { pino } from "pino";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { createOutcomeDecoder } from "../../src/kafka/decode-outcome.ts";
import { createEncoder } from "../../src/kafka/encode.ts";
import { newestSchema } from "../../src/kafka/schemas.ts";
import { createMetrics, type Metrics } from "../../src/metrics/create-metrics.ts";
import { createWake } from "../../src/wake.ts";
import { createAddressRules } from "../../src/webhooks/address-rules.ts";
import { createEndpoint } from "../../src/webhooks/create-endpoint.ts";
import { WEBHOOK_EVENT_TYPES, type WebhookEventType } from "../../src/webhooks/event-types.ts";
import { createPoster } from "../../src/webhooks/post-message.ts";
import { runSender } from "../../src/webhooks/run-sender.ts";

export const encoder = createEncoder({ completed: 1, failed: 2 });
export const codec = createOutcomeDecoder(async (id) => ({
  schemaType: "AVRO",
  text: newestSchema(id === 1 ? "payment.completed" : "payment.failed"),
}));

export const log = pino({ level: "silent" });

/** An endpoint as its platform makes it; of all event types unless told. */
export async function openEndpoint(
  pool: Database,
  url: string,
  {
    platformId = "acme",
    eventTypes = WEBHOOK_EVENT_TYPES,
  }: {
    platformId?: string;
    eventTypes?: readonly WebhookEventType[];
  } = {},
): Promise<{ readonly id: string; readonly secret: string; readonly platformId: string }> {
  const created = await createEndpoint(pool, { platformId, url, eventTypes }, { actor: "test" });
  if (created.kind !== "created") throw new Error(created.kind);
  return { ...created, platformId };
}

export interface Sending extends AsyncDisposable {
  readonly metrics: Metrics;
  readonly look: () => void;
}

/** One instance's sender, until it is disposed of. */
export function startSending(
  pool: Database,
  { timeoutMs = 5_000, leaseMs = 10_000 }: { timeoutMs?: number; leaseMs?: number } = {},
): Sending {
  const metrics = createMetrics({ sloMs: 3_000 });
  const due = createWake();
  const poster = createPoster({
    timeoutMs,
    rules: createAddressRules(["127.0.0.0/8"]),
    resolve: () => Promise.reject(new Error("no such name")),
  });
  const stopping = new AbortController();
  const running = runSender({ pool, log, metrics, poster, due, leaseMs }, stopping.signal);
  return {
    metrics,
    look: () => due.ring(),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
      poster.close();
    },
  };
}

const row = z.object({
  id: z.string(),
  endpointId: z.string(),
  webhookId: z.string(),
  status: z.string(),
  attempts: z.number(),
  waitSeconds: z.number().nullable(),
  lastOutcome: z.string().nullable(),
});
export type DeliveryRow = z.infer<typeof row>;

/** Of one endpoint, or of all, with how long the next try is still away; in the order in which they were made. */
export function readDeliveries(
  pool: Database,
  endpointId: string | null = null,
): Promise<readonly DeliveryRow[]> {
  return pool.any(sql.type(row)`
    SELECT id, endpoint_id AS "endpointId", message_id AS "webhookId", status, attempts,
      greatest(0, round(extract(epoch FROM next_attempt_at - payment_now())))::float8 AS "waitSeconds", last_outcome AS "lastOutcome"
    FROM webhook_deliveries WHERE ${endpointId}::uuid IS NULL OR endpoint_id = ${endpointId}::uuid
    ORDER BY created_at, id`);
}

/** Deliveries that are due, without an event behind them; answers their messages' ids. */
export async function owe(
  pool: Database,
  endpointId: string,
  count: number,
): Promise<readonly string[]> {
  const made = await pool.any(sql.type(z.object({ id: z.string() }))`
    WITH made AS (
      INSERT INTO webhook_messages (id, platform_id, type, body, fanned_out_at)
      SELECT gen_random_uuid(), e.platform_id, 'payment.completed', '{"type":"payment.completed"}', payment_now()
      FROM webhook_endpoints e, generate_series(1, ${count}) WHERE e.id = ${endpointId}
      RETURNING id
    )
    INSERT INTO webhook_deliveries (message_id, endpoint_id, next_attempt_at)
    SELECT id, ${endpointId}::uuid, payment_now() FROM made RETURNING message_id AS id`);
  return made.map(({ id }) => id);
}

/** As if the wait for its next try, or the lease of the one under way, were over. */
export async function makeDue(pool: Database): Promise<void> {
  await pool.query(sql.type(anyRow)`
    UPDATE webhook_deliveries SET next_attempt_at = payment_now() WHERE status = 'pending'`);
}
