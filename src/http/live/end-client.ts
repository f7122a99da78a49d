import { formatEventId } from "../../live/event-id.ts";
import type { Metrics } from "../../metrics/create-metrics.ts";
import { reachedFrame, type LiveClient } from "./live-client.ts";
import { frameOf } from "./sse-frame.ts";
import type { LIVE_ENDS } from "../../metrics/catalogue/labels.ts";

/** `left`: by itself, or since the service stops. */
export type EndReason = (typeof LIVE_ENDS)[number];

/** A restarted service is not met by all of its clients in the same moment. */
const RETRY_FIRST_MS = 1_000;
const RETRY_SPREAD_MS = 4_000;

const WORDS: Readonly<Record<Exclude<EndReason, "left">, string>> = {
  slow: "You took nothing in for a whole heartbeat.",
  key: "Your key was revoked or has expired.",
  failed: "The events that you missed could not be read.",
};

/** Ends a stream with a last word: how long to wait, and of one that was cut off also why, and up to where it was told. */
export function endClient(
  metrics: Pick<Metrics, "liveEnded">,
  client: LiveClient,
  reason: EndReason,
): void {
  const { stream, reached } = client;
  if (stream.isEnded()) return;
  client.isLive = false;
  metrics.liveEnded.add({ reason });
  const retryMs = Math.round(RETRY_FIRST_MS + Math.random() * RETRY_SPREAD_MS);
  if (reason === "left") return stream.end(frameOf({ retryMs }));
  const told = { reason, detail: WORDS[reason], lastEventId: formatEventId(reached) };
  stream.end(frameOf({ retryMs, event: "dropped", data: JSON.stringify(told) }));
}

/** Keeps connections from being taken for dead, and ends those that have taken nothing in since the last time. */
export function beat(
  clients: ReadonlySet<LiveClient>,
  drop: (client: LiveClient, reason: EndReason) => void,
): void {
  for (const client of clients) {
    const frame = client.isLive ? reachedFrame(client, "beat") : frameOf({ comment: "beat" });
    if (client.stream.moves()) client.stream.send(frame);
    else drop(client, "slow");
  }
}
