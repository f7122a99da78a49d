import { formatEventId, type EventId } from "../../live/event-id.ts";
import type { LiveEvent, LiveType } from "../../live/live-event.ts";
import { HINT_TYPES } from "../../live/live-event.ts";
import { goOnFrom, type LivePlace } from "../../live/live-place.ts";
import type { LiveFilter } from "../../live/read-outcomes.ts";
import type { EventStream } from "./event-stream.ts";
import { frameOf } from "./sse-frame.ts";

/** What somebody wants to hear of. */
export interface LiveOrder extends LiveFilter {
  readonly types: ReadonlySet<LiveType>;
}

/** Somebody who listens. */
export interface LiveClient {
  readonly keyId: string;
  readonly order: LiveOrder;
  readonly stream: EventStream;
  /** Up to where it was told everything that it wants. */
  reached: EventId;
  /** Whether it has caught up, and gets what comes as it comes. */
  isLive: boolean;
}

export function wants({ order }: LiveClient, { told }: LiveEvent): boolean {
  return (
    order.types.has(told.type) &&
    (order.platformId === null || order.platformId === told.platformId) &&
    (order.workerId === null || order.workerId === told.workerId) &&
    (order.paymentId === null || order.paymentId === told.paymentId)
  );
}

export function wantsHints({ order }: LiveClient): boolean {
  return HINT_TYPES.some((type) => order.types.has(type));
}

/** What all who get an event get: the same bytes. */
export function eventFrame({ number, told }: LiveEvent, { epoch }: LivePlace): Buffer {
  const id = number === null ? {} : { id: formatEventId({ epoch, number }) };
  return frameOf({ ...id, event: told.type, data: JSON.stringify(told) });
}

/** Takes note that a restored backup may have set the numbers back. */
export function rewind(client: LiveClient, place: LivePlace): void {
  client.reached = { epoch: place.epoch, number: goOnFrom(place, client.reached) };
}

/** A block that is no event: whoever hears little of what there is need not go through the rest when it comes again. */
export function reachedFrame({ reached }: LiveClient, comment: string): Buffer {
  return frameOf({ comment, id: formatEventId(reached) });
}
