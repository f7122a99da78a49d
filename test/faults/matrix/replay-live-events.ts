import { createParser } from "eventsource-parser";
import { sql } from "slonik";
import { z } from "zod";
import type { OutcomeEvent } from "../../../sandbox/audit/read-events.ts";
import { createKey } from "../../../src/keys/create-key.ts";
import { apiUrlOf } from "../../e2e/api-client.ts";
import type { Stage } from "./stage.ts";

const READ_WITHIN_MS = 30_000;
const OUTCOMES = "types=payment.completed,payment.failed";

interface Told {
  /** `<epoch>-<number>`. */
  readonly id: string;
  readonly eventId: string;
}

const placeRow = z.object({ epoch: z.string(), last: z.bigint(), unnumbered: z.bigint() });

/** Where the numbering stands. */
export function readNumbering({ cell }: Stage): Promise<z.infer<typeof placeRow>> {
  return cell.world.pool.one(sql.type(placeRow)`
    SELECT (SELECT epoch FROM live_epochs ORDER BY place DESC LIMIT 1) AS epoch, last,
      (SELECT count(*) FROM live_unnumbered) AS unnumbered
    FROM live_sequence`);
}

/**
 * As a client that was away: replayed from the first event and from one in the middle, every outcome of Kafka's comes once,
 * under numbers without a gap. Throws what is missing, double or out of order.
 */
export async function compareLiveEvents(
  stage: Stage,
  outcomes: readonly OutcomeEvent[],
): Promise<void> {
  const { epoch, last } = await readNumbering(stage);
  const [instance] = stage.fleet.running.values();
  if (!instance) throw new Error("no instance is left to ask for live events");
  const { token } = await createKey(stage.cell.world.pool, {
    name: "auditor",
    platformId: null,
    scopes: ["payments:read"],
    expiresInDays: null,
    actor: "test",
    reason: "a fault is being tried",
  });
  const read = async (after: bigint) =>
    replay({ url: await apiUrlOf(instance.service), token, after: `${epoch}-${after}` }, last);
  const all = await read(0n);
  assertSame(
    "numbers",
    all.map(({ id }) => id),
    Array.from({ length: Number(last) }, (_, n) => `${epoch}-${n + 1}`),
  );
  assertSame(
    "events",
    all.map(({ eventId }) => eventId).toSorted(),
    [...new Set(outcomes.map(({ eventId }) => eventId))].toSorted(),
  );
  const middle = last / 2n;
  assertSame("the rest", (await read(middle)).map(show), all.slice(Number(middle)).map(show));
}

const show = ({ id, eventId }: Told) => `${id} ${eventId}`;

/** Everything after an id, up to the last number, as the stream tells it. */
async function replay(
  { url, token, after }: { url: string; token: string; after: string },
  last: bigint,
): Promise<Told[]> {
  const response = await fetch(`${url}/v1/events?${OUTCOMES}`, {
    headers: { authorization: `Bearer ${token}`, "last-event-id": after },
    signal: AbortSignal.timeout(READ_WITHIN_MS),
  });
  if (!response.ok || !response.body) throw new Error(`live events: ${response.status}`);
  const told: Told[] = [];
  const parser = createParser({
    onEvent({ id = "", data }) {
      told.push({ id, eventId: z.object({ eventId: z.string() }).parse(JSON.parse(data)).eventId });
    },
  });
  const decoder = new TextDecoder();
  const isWhole = () => told.some(({ id }) => id.endsWith(`-${last}`));
  for await (const bytes of response.body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    if (isWhole()) break;
  }
  return told;
}

function assertSame(what: string, met: readonly string[], expected: readonly string[]): void {
  if (met.length === expected.length && met.every((each, n) => each === expected[n])) return;
  throw new Error(`live events, ${what}: ${met.join(", ")} instead of ${expected.join(", ")}`);
}
