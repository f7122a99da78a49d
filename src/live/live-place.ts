import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import type { EventId } from "./event-id.ts";

const placeRow = z.object({
  /** The newest one; numbers of all epochs are told under its name. */
  epoch: z.string(),
  /** The number behind which it began. */
  after: z.bigint(),
  /** The last number given. */
  last: z.bigint(),
  now: z.date(),
});
export type LivePlace = z.infer<typeof placeRow>;

/** Where the numbering stands. What is read after this has every event up to `last`. */
export async function readPlace(db: CommonQueryMethods): Promise<LivePlace> {
  return db.one(sql.prepared("live-place", placeRow)`
    SELECT e.epoch, e.after, s.last, payment_now() AS now
    FROM live_sequence s CROSS JOIN (SELECT epoch, after FROM live_epochs ORDER BY place DESC LIMIT 1) e
  `);
}

/**
 * From which number on a reader of another moment goes on: what a restored backup has forgotten is numbered again, and
 * must not be taken for read.
 */
export function goOnFrom(place: LivePlace, reached: EventId): bigint {
  const known = reached.epoch === place.epoch ? reached.number : least(reached.number, place.after);
  return least(known, place.last);
}

const resumeRow = z.object({
  last: z.bigint(),
  forgotten: z.bigint(),
  isKnown: z.boolean(),
  /** Where the epoch after the reader's began; null: the reader's is the newest. */
  endedAt: z.bigint().nullable(),
});

export type Resumption =
  | { readonly kind: "from"; readonly number: bigint }
  /** Some of what came after it is no longer kept, or a restored backup has no memory of its time. */
  | { readonly kind: "expired" }
  /** It was never given. */
  | { readonly kind: "unknown" };

/** From which number on somebody goes on who has seen all up to this id. */
export async function findResumption(db: CommonQueryMethods, id: EventId): Promise<Resumption> {
  const { last, forgotten, isKnown, endedAt } = await db.one(sql.prepared("live-resume", resumeRow)`
    SELECT s.last, s.forgotten, e.place IS NOT NULL AS "isKnown",
      (SELECT min(n.after) FROM live_epochs n WHERE n.place > e.place) AS "endedAt"
    FROM live_sequence s LEFT JOIN live_epochs e ON e.epoch = ${id.epoch}
  `);
  if (!isKnown) return { kind: "expired" };
  if (endedAt === null && id.number > last) return { kind: "unknown" };
  const number = endedAt === null ? id.number : least(id.number, endedAt);
  return number < forgotten ? { kind: "expired" } : { kind: "from", number };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
