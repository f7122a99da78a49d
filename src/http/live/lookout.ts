import type { Database } from "../../database/pool.ts";
import { askDatabase } from "../../database/translate-error.ts";
import type { Logger } from "../../log.ts";
import type { EventId } from "../../live/event-id.ts";
import type { LiveEvent } from "../../live/live-event.ts";
import { goOnFrom, readPlace, type LivePlace } from "../../live/live-place.ts";
import { readOutcomes } from "../../live/read-outcomes.ts";
import type { Metrics } from "../../metrics/create-metrics.ts";
import type { Wake } from "../../wake.ts";
import { createHintWatch } from "./hint-watch.ts";
import { eventFrame, rewind, wantsHints, type LiveClient } from "./live-client.ts";
import { tell } from "./tell.ts";

export interface LookoutDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "liveSent">;
  readonly numbered: Wake;
  readonly clients: ReadonlySet<LiveClient>;
  /** Its buffer is full: it goes on at its own pace. */
  readonly fallBehind: (client: LiveClient) => void;
}

export interface Lookout {
  /** Answers whether the client was where everyone is; from then on it is told what comes. */
  join(client: LiveClient): boolean;
  run(signal: AbortSignal): Promise<void>;
}

/** The back-stop where no bell rings, and how often hints are looked for while somebody wants them. */
const POLL_MS = 1_000;
const HINTS_EVERY_MS = 250;
const QUIET_MS = 60_000;
const EVENTS_MAX = 500;

const EVERYTHING = { platformId: null, workerId: null, paymentId: null };

/** Reads what comes, once for all who are connected and only while somebody is. */
export function createLookout(deps: LookoutDeps): Lookout {
  const { pool, log, numbered, clients } = deps;
  const hints = createHintWatch();
  /** Up to where all live clients were told; undefined while there are none. */
  let at: EventId | undefined;
  const live = () => [...clients].filter(({ isLive }) => isLive);

  /** Answers whether there is more at once. */
  async function look(): Promise<boolean> {
    if (at === undefined || live().length === 0) {
      at = undefined;
      hints.forget();
      return false;
    }
    const place = await askDatabase(() => readPlace(pool));
    const after = goOnFrom(place, at);
    const isBack = at.epoch !== place.epoch || place.last < at.number;
    const range = { after, upTo: place.last, limit: EVENTS_MAX };
    const wanted = live().some(wantsHints);
    const found = wanted ? await askDatabase(() => hints.look(pool, place.now)) : [];
    const outcomes =
      after === place.last ? [] : await askDatabase(() => readOutcomes(pool, range, EVERYTHING));
    if (isBack) for (const client of live()) rewind(client, place);
    tellAll(deps, { live: live(), events: [...found, ...outcomes], place });
    const isMore = outcomes.length === EVENTS_MAX;
    const last = isMore ? (outcomes.at(-1)?.number ?? place.last) : place.last;
    at = { epoch: place.epoch, number: last };
    for (const client of live()) if (client.reached.number < last) client.reached = at;
    return isMore;
  }

  return {
    join(client) {
      if (at !== undefined && client.reached.number < at.number) return false;
      at ??= client.reached;
      client.isLive = true;
      numbered.ring();
      return true;
    },
    async run(signal) {
      let isFailing = false;
      while (!signal.aborted) {
        try {
          if (await look()) continue;
          isFailing = false;
        } catch (error) {
          if (!isFailing) log.warn({ err: error }, "could not look for live events");
          isFailing = true;
        }
        const all = live();
        const pollMs = all.some(wantsHints) ? HINTS_EVERY_MS : POLL_MS;
        await numbered.heard(all.length === 0 ? QUIET_MS : pollMs, signal);
      }
    },
  };
}

interface News {
  readonly live: readonly LiveClient[];
  readonly events: readonly LiveEvent[];
  readonly place: LivePlace;
}

/** A hint that finds no room is left out. */
function tellAll({ metrics, fallBehind }: LookoutDeps, { live, events, place }: News): void {
  for (const event of events) {
    let made: Buffer | undefined;
    const frame = () => (made ??= eventFrame(event, place));
    for (const client of live) {
      const isTold = !client.isLive || tell(metrics, client, event, frame);
      if (!isTold && event.number !== null) fallBehind(client);
    }
  }
}
