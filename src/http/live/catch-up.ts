import type { Database } from "../../database/pool.ts";
import { askDatabase } from "../../database/translate-error.ts";
import { OUTCOME_TYPES } from "../../live/live-event.ts";
import { readPlace } from "../../live/live-place.ts";
import { readOutcomes } from "../../live/read-outcomes.ts";
import type { Metrics } from "../../metrics/create-metrics.ts";
import { eventFrame, rewind, type LiveClient } from "./live-client.ts";
import { tell } from "./tell.ts";

/** Some 50 kB, which is less than a client's buffer. */
const PAGE_MAX = 100;

/**
 * Tells a client what it has missed, at its own pace, until it is where everyone is: one that comes back, and one that
 * reads more slowly than events come for a while. What is numbered meanwhile is read
 * as well: between the last page and the first live event there is no gap. Throws DATABASE_*.
 */
export async function catchUp(
  deps: {
    readonly pool: Database;
    readonly metrics: Pick<Metrics, "liveSent" | "liveReplayReads">;
  },
  client: LiveClient,
  join: (client: LiveClient) => boolean,
): Promise<void> {
  const { stream } = client;
  const wantsOutcomes = OUTCOME_TYPES.some((type) => client.order.types.has(type));
  while (!stream.isEnded()) {
    await stream.roomy();
    const isWhole = wantsOutcomes ? await readOn(deps, client) : await skipOn(deps.pool, client);
    if (isWhole && join(client)) return;
  }
}

/** Answers whether that was all there is. */
async function readOn(
  { pool, metrics }: Parameters<typeof catchUp>[0],
  client: LiveClient,
): Promise<boolean> {
  const place = await askDatabase(() => readPlace(pool));
  rewind(client, place);
  const range = { after: client.reached.number, upTo: place.last, limit: PAGE_MAX };
  if (range.after === range.upTo) return true;
  const events = await askDatabase(() => readOutcomes(pool, range, client.order));
  metrics.liveReplayReads.add({});
  const told = events.every((event) =>
    tell(metrics, client, event, () => eventFrame(event, place)),
  );
  if (!told) return false;
  const isWhole = events.length < PAGE_MAX;
  const number = isWhole ? place.last : (events.at(-1)?.number ?? place.last);
  client.reached = { epoch: place.epoch, number };
  return isWhole;
}

async function skipOn(pool: Database, client: LiveClient): Promise<boolean> {
  const { epoch, last } = await askDatabase(() => readPlace(pool));
  client.reached = { epoch, number: last };
  return true;
}
