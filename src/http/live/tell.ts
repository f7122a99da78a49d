import type { LiveEvent } from "../../live/live-event.ts";
import type { Metrics } from "../../metrics/create-metrics.ts";
import { wants, type LiveClient } from "./live-client.ts";

/**
 * Tells one client one event, where it wants it and was not told before; answers false where it is too far behind. The
 * frame is asked for only where somebody gets it.
 */
export function tell(
  metrics: Pick<Metrics, "liveSent">,
  client: LiveClient,
  event: LiveEvent,
  frame: () => Buffer,
): boolean {
  const { number, told } = event;
  if (number !== null && number <= client.reached.number) return true;
  if (wants(client, event)) {
    if (!client.stream.send(frame())) return false;
    metrics.liveSent.add({ type: told.type });
  }
  if (number !== null) client.reached = { ...client.reached, number };
  return true;
}
