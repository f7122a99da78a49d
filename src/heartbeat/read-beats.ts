import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import type { Beat } from "./due-beat.ts";

export interface BeatsRead {
  readonly now: Date;
  /** The platform and the worker are in the directory, as a beat needs them. */
  readonly isFurnished: boolean;
  /** The newest, newest first. */
  readonly beats: readonly Beat[];
}

/** One is under way at most, so that these few always hold the last that came through, but after a long outage. */
const BEATS_MAX = 20;

const placeRow = z.object({ now: z.date(), isFurnished: z.boolean() });
const beatRow = z.object({
  taskId: z.string(),
  isEnded: z.boolean(),
  succeededAt: z.date().nullable(),
});

/** The heartbeat's own payments, by the index of their task's id. */
export async function readBeats(
  db: CommonQueryMethods,
  { platformId, workerId }: { readonly platformId: string; readonly workerId: string },
): Promise<BeatsRead> {
  const place = await db.one(sql.type(placeRow)`
    SELECT payment_now() AS now,
      EXISTS (SELECT FROM platforms WHERE id = ${platformId} AND task_source = 'event')
        AND EXISTS (SELECT FROM workers WHERE id = ${workerId} AND wallet_address IS NOT NULL) AS "isFurnished"
  `);
  const beats = await db.any(sql.type(beatRow)`
    SELECT p.task_id AS "taskId", p.state IN ('completed', 'failed') AS "isEnded",
      CASE WHEN p.state = 'completed'
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.payment_id = p.id AND o.published_at IS NULL)
      THEN p.settled_at END AS "succeededAt"
    FROM payments p
    WHERE p.platform_id = ${platformId} AND p.task_id BETWEEN 'heartbeat-0' AND 'heartbeat-9'
    ORDER BY p.task_id DESC LIMIT ${BEATS_MAX}
  `);
  return { ...place, beats };
}
