/**
 * Live events for whoever is connected to this instance. Everyone first catches up, page by page and at their own pace,
 * and is then told what comes: one read for all, whenever the sequencer has numbered something. Each instance reads by
 * itself, so it does not matter which one a client has met.
 */
import type { Readable } from "node:stream";
import type { Database } from "../../database/pool.ts";
import { askDatabase } from "../../database/translate-error.ts";
import type { Logger } from "../../log.ts";
import type { EventId } from "../../live/event-id.ts";
import { findResumption, readPlace } from "../../live/live-place.ts";
import type { Metrics } from "../../metrics/create-metrics.ts";
import { sweep } from "../../sweep.ts";
import type { Wake } from "../../wake.ts";
import { HttpProblem } from "../problems.ts";
import { invalidPlace } from "../request-errors.ts";
import { catchUp } from "./catch-up.ts";
import { createEventStream } from "./event-stream.ts";
import { dropClosedKeys } from "./drop-closed-keys.ts";
import { beat, endClient, type EndReason } from "./end-client.ts";
import { reachedFrame, type LiveClient, type LiveOrder } from "./live-client.ts";
import { createLookout } from "./lookout.ts";

export interface LiveFeedDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "liveClients" | "liveSent" | "liveEnded" | "liveReplayReads">;
  /** Rings when events were numbered. */
  readonly numbered: Wake;
  readonly clientsMax: number;
  readonly bufferMaxBytes?: number;
  readonly heartbeatMs?: number;
  readonly keysEveryMs?: number;
}

export interface Subscription {
  readonly keyId: string;
  readonly order: LiveOrder;
  /** Absent: from now on. */
  readonly lastEventId: EventId | undefined;
  /** Ends it: the client has gone, or the service is about to. */
  readonly signal: AbortSignal;
}

export interface LiveFeed {
  /** A stream of events. Throws `overloaded`, `event_history_expired`, `invalid_request` and DATABASE_*. */
  open(subscription: Subscription): Promise<Readable>;
  /** Tells what comes until the signal aborts, and ends whoever is still connected. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Shorter than what proxies take for silence. */
const HEARTBEAT_MS = 15_000;
/** A revoked key hears for so long yet. */
const KEYS_EVERY_MS = 5_000;
const RETRY_AFTER_SECONDS = 10;

export function createLiveFeed(deps: LiveFeedDeps): LiveFeed {
  const { pool, metrics, log, numbered } = deps;
  const { heartbeatMs = HEARTBEAT_MS, keysEveryMs = KEYS_EVERY_MS } = deps;
  const clients = new Set<LiveClient>();
  let taken = 0;
  const drop = (client: LiveClient, reason: EndReason) => endClient(metrics, client, reason);
  const lookout = createLookout({ pool, log, metrics, numbered, clients, fallBehind });
  const leave = () => metrics.liveClients.set({}, (taken -= 1));

  function fallBehind(client: LiveClient): void {
    client.isLive = false;
    void goOn(client);
  }

  /** A read that fails ends this client alone: it comes back with the id that it has. */
  async function goOn(client: LiveClient): Promise<void> {
    try {
      await catchUp(deps, client, (caughtUp) => lookout.join(caughtUp));
    } catch (error) {
      log.warn({ err: error }, "could not read the events that a live client has missed");
      drop(client, "failed");
    }
  }

  return {
    async open(subscription) {
      if (taken >= deps.clientsMax) throw full(deps.clientsMax);
      metrics.liveClients.set({}, (taken += 1));
      try {
        const client = await admit(deps, subscription);
        clients.add(client);
        client.stream.readable.once("close", () => {
          clients.delete(client);
          leave();
        });
        onceAborted(subscription.signal, () => drop(client, "left"));
        void goOn(client);
        return client.stream.readable;
      } catch (error) {
        leave();
        throw error;
      }
    },
    async run(signal) {
      const beats = { log, everyMs: heartbeatMs };
      const keys = { log, everyMs: keysEveryMs };
      await Promise.all([
        lookout.run(signal),
        sweep(beats, "live clients", async () => beat(clients, drop), signal),
        sweep(keys, "keys of live clients", () => dropClosedKeys(pool, clients, drop), signal),
      ]);
      for (const client of clients) drop(client, "left");
    },
  };
}

async function admit(
  { pool, bufferMaxBytes }: LiveFeedDeps,
  { keyId, order, lastEventId }: Subscription,
): Promise<LiveClient> {
  const place = await askDatabase(() => readPlace(pool));
  const { epoch } = place;
  const number = lastEventId ? await resume(pool, lastEventId) : place.last;
  const stream = createEventStream(bufferMaxBytes === undefined ? {} : { bufferMaxBytes });
  const client = { keyId, order, stream, reached: { epoch, number }, isLive: false };
  stream.send(reachedFrame(client, "connected"));
  return client;
}

async function resume(pool: Database, id: EventId): Promise<bigint> {
  const found = await askDatabase(() => findResumption(pool, id));
  switch (found.kind) {
    case "from":
      return found.number;
    case "expired": {
      const detail =
        "Events after this id are no longer kept. Read the payments, then connect without an id.";
      throw new HttpProblem("event_history_expired", detail);
    }
    case "unknown": {
      const detail = "No event has had this id.";
      const place = { in: "header", pointer: "/Last-Event-ID", code: "invalid", detail } as const;
      throw invalidPlace(place);
    }
  }
}

function full(clientsMax: number): HttpProblem {
  return new HttpProblem("overloaded", `All ${clientsMax} places for live events are taken.`, {
    headers: { "retry-after": `${RETRY_AFTER_SECONDS}` },
  });
}

function onceAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}
