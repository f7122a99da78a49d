import type { Publisher } from "./kafka/publisher.ts";
import { createPublishedObserver } from "./metrics/observe-published.ts";
import type { RelayDeps } from "./relay/run-relay.ts";
import { alarmHandler, type Connected } from "./stage-deps.ts";

/** The outbox → Kafka, and what is told of each outcome then. */
export function relayDeps(connected: Connected, publisher: Publisher): RelayDeps {
  const { log, metrics, tracing, pool, bells, sequencerBell } = connected;
  const observe = createPublishedObserver(connected);
  return {
    pool,
    log,
    metrics,
    tracing,
    publisher,
    wake: bells.relay,
    onAlarm: alarmHandler(connected),
    onPublished(published) {
      if (published.outcomes.length > 0) sequencerBell.ring();
      observe(published);
    },
  };
}
