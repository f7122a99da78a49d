import { setTimeout as delay } from "node:timers/promises";
import { sql } from "slonik";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import type { OutcomeEvent } from "../../../sandbox/audit/read-events.ts";
import { createEndpoint } from "../../../src/webhooks/create-endpoint.ts";
import { WEBHOOK_EVENT_TYPES } from "../../../src/webhooks/event-types.ts";
import { startReceiver, type Answer, type Receiver } from "../../webhooks/receiver.ts";
import type { Stage } from "./stage.ts";

/** What a service needs to send to them. */
export const RECEIVER_SETTINGS = {
  WEBHOOK_ALLOWED_CIDRS: "127.0.0.0/8",
  WEBHOOK_TIMEOUT_MS: "2000",
};

const POLL_MS = 50;

/** An endpoint of a platform, and who listens there. */
interface Listening {
  readonly platformId: string;
  readonly endpointId: string;
  readonly secret: string;
  readonly receiver: Receiver;
}

/** Whom the platforms of a cell want told of their payments' ends. */
export interface Receivers {
  /** Resolves once every outcome that is decided is told to each endpoint and noted as told; throws after the time. */
  untilTold(withinMs: number): Promise<void>;
  /** What was received is what Kafka was told, for each endpoint; throws what is missing, too much or other than that. */
  compare(outcomes: readonly OutcomeEvent[]): void;
}

/** Two for each platform of the cell: one that takes everything, one that refuses each event once. */
export async function openReceivers(stage: Stage): Promise<Receivers> {
  const { pool } = stage.cell.world;
  const all: Listening[] = [];
  for (const { id: platformId } of stage.traffic.directory.platforms) {
    for (const answer of [undefined, refusingOnce()]) {
      const receiver = stage.use(await startReceiver(answer));
      const order = { platformId, url: receiver.url, eventTypes: WEBHOOK_EVENT_TYPES };
      const created = await createEndpoint(pool, order, { actor: "test" });
      if (created.kind !== "created") throw new Error(created.kind);
      all.push({ platformId, endpointId: created.id, secret: created.secret, receiver });
    }
  }
  return {
    async untilTold(withinMs) {
      const deadlineMs = Date.now() + withinMs;
      for (;;) {
        const counts = await pool.one(deliveries);
        if (Object.values(counts).every((count) => count === 0n)) return;
        if (Date.now() > deadlineMs) throw new Error(`not told: ${words(counts)}`);
        await delay(POLL_MS);
      }
    },
    compare(outcomes) {
      for (const each of all) compareOne(each, outcomes);
    },
  };
}

/** A receiver that works on the second try. */
function refusingOnce(): Answer {
  const met = new Set<string>();
  return (response, { headers }) => {
    const id = String(headers["webhook-id"]);
    response.writeHead(met.has(id) ? 204 : 500).end();
    met.add(id);
  };
}

/** Of every outcome and endpoint of its platform: no delivery at all, more than one, or one that is not told. */
const deliveries = sql.type(
  z.object({ missing: z.bigint(), double: z.bigint(), untold: z.bigint(), unmade: z.bigint() }),
)`
  WITH owed AS (
    SELECT o.payment_id, o.generation, o.kind, e.id AS endpoint_id, count(d.id) AS made,
      count(*) FILTER (WHERE d.status <> 'delivered') AS untold
    FROM payment_outcomes o JOIN payments p ON p.id = o.payment_id JOIN webhook_endpoints e ON e.platform_id = p.platform_id
    LEFT JOIN (webhook_messages m JOIN webhook_deliveries d ON d.message_id = m.id)
      ON m.id = o.event_id AND m.type = 'payment.' || o.kind AND d.endpoint_id = e.id
    GROUP BY o.payment_id, o.generation, o.kind, e.id
  )
  SELECT count(*) FILTER (WHERE made = 0) AS missing, count(*) FILTER (WHERE made > 1) AS double,
    count(*) FILTER (WHERE untold > 0) AS untold,
    (SELECT count(*) FROM webhook_messages WHERE fanned_out_at IS NULL) AS unmade
  FROM owed`;

const body = z.object({
  type: z.string(),
  data: z.object({ eventId: z.string(), paymentId: z.string(), generation: z.number() }),
});

function compareOne(
  { platformId, endpointId, secret, receiver }: Listening,
  outcomes: readonly OutcomeEvent[],
): void {
  const owed = new Map(
    outcomes
      .filter((outcome) => outcome.platformId === platformId)
      .map((outcome) => [outcome.eventId, outcome]),
  );
  const wrong = (what: string, id: string) => new Error(`webhook ${id} of ${endpointId}: ${what}`);
  const bytes = new Map<string, string>();
  for (const { headers, body: sent } of receiver.received.items) {
    const id = String(headers["webhook-id"]);
    const outcome = owed.get(id);
    if (!outcome) throw wrong("told of something that never was", id);
    const { type, data } = body.parse(
      new Webhook(secret).verify(sent, headers as Record<string, string>),
    );
    const { kind, paymentId, generation } = outcome;
    const isSame =
      type === `payment.${kind}` && data.eventId === id && data.paymentId === paymentId;
    if (!isSame || data.generation !== generation) throw wrong("another event under its id", id);
    if ((bytes.get(id) ?? sent) !== sent) throw wrong("other bytes the second time", id);
    bytes.set(id, sent);
  }
  for (const id of owed.keys()) if (!bytes.has(id)) throw wrong("never told", id);
}

function words(counts: Readonly<Record<string, bigint>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ");
}
