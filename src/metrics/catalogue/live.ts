import { LIVE_TYPES } from "../../live/live-event.ts";
import { counter, gauge } from "../definition.ts";
import { LIVE_ENDS } from "./labels.ts";

export const liveMetrics = {
  liveClients: gauge({
    name: "payments_live_clients",
    help: "Who is connected to this instance for live events; SSE_MAX_CONNECTIONS is the bound.",
    labels: {},
  }),
  liveSent: counter({
    name: "payments_live_events_sent_total",
    help: "Live events that were sent, once for each who got them, replays included.",
    labels: { type: LIVE_TYPES },
  }),
  liveEnded: counter({
    name: "payments_live_clients_ended_total",
    help: "Streams that ended: slow took nothing in between two heartbeats, key was revoked or has expired.",
    labels: { reason: LIVE_ENDS },
  }),
  liveReplayReads: counter({
    name: "payments_live_replay_reads_total",
    help: "Pages of events that were read for clients who had missed some, or had fallen behind.",
    labels: {},
  }),
  liveUnnumberedAge: gauge({
    name: "payments_live_unnumbered_oldest_age_seconds",
    help: "How long the oldest outcome has waited for its number as a live event; 0 where none waits. Every instance reports the same: use max.",
    labels: {},
  }),
} as const;
