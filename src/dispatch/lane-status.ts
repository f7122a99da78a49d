import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import type { Lane } from "./rail.ts";

/** What decides whether and where the lane may form its next send. */
export interface LaneStatus {
  /** Ids of this lane's open sends. */
  readonly open: ReadonlySet<string>;
  /** Of the sends that the lane remembers: those that were given up while it did. */
  readonly abandoned: readonly string[];
  readonly openPerOperator: ReadonlyMap<string, number>;
  /** Payments in open sends, over all lanes. */
  readonly itemsInFlight: number;
  /** Platforms that are paused, and '*' for all: as well while a restored backup is not confirmed. */
  readonly paused: ReadonlySet<string>;
}

const row = z.object({
  paused: z.array(z.string()),
  open: z.array(
    z.object({
      id: z.string(),
      operator: z.string(),
      method: z.string(),
      items: z.number(),
      isDoubted: z.boolean(),
    }),
  ),
  abandoned: z.array(z.string()),
});

export async function readLaneStatus(
  db: CommonQueryMethods,
  lane: Lane,
  remembered: readonly string[],
): Promise<LaneStatus> {
  const status = await db.one(sql.prepared("dispatch-lane-status", row)`
    SELECT
      ARRAY(SELECT scope FROM pauses UNION SELECT '*' FROM restores WHERE closed_at IS NULL) AS paused,
      coalesce((SELECT jsonb_agg(jsonb_build_object('id', id, 'operator', operator, 'method', method, 'items', item_count,
                  'isDoubted', method = 'transfer' AND EXISTS (
                    SELECT FROM payments p WHERE p.transaction_id = t.id AND p.state = 'review')))
                FROM transactions t WHERE state = 'open'), '[]') AS open,
      coalesce((SELECT array_agg(id) FROM transactions
                WHERE id = ANY(${sql.array(remembered, "uuid")}) AND state = 'abandoned'), '{}') AS abandoned
  `);
  const isMine = ({ method, operator }: (typeof status.open)[number]) =>
    method === lane.method && (method === "transfer" || lane.operators.includes(operator));
  const mine = status.open.filter(isMine);
  // A transfer in review stays open for as long as nobody knows: it must not take the place of one that goes well.
  const underWay = status.open.filter(({ isDoubted }) => !isDoubted);
  const openPerOperator = new Map(lane.operators.map((operator) => [operator, 0]));
  for (const { operator } of underWay.filter(isMine)) {
    openPerOperator.set(operator, (openPerOperator.get(operator) ?? 0) + 1);
  }
  return {
    open: new Set(mine.map((send) => send.id)),
    abandoned: status.abandoned,
    openPerOperator,
    itemsInFlight: underWay.reduce((sum, send) => sum + send.items, 0),
    paused: new Set(status.paused),
  };
}

/** The operator with the fewest open sends; undefined where all have as many as they may. */
export function freestOperator(lane: Lane, status: LaneStatus): string | undefined {
  const [freest] = [...status.openPerOperator].sort(([, one], [, other]) => one - other);
  return freest && freest[1] < lane.maxInFlightPerOperator ? freest[0] : undefined;
}

/** How long nobody forms after the lane's next send: nothing while all is quiet, more the more of its room is used. */
export function restAfter(lane: Lane, { openPerOperator }: LaneStatus): number {
  if (lane.restMs === undefined) return 0;
  return (lane.restMs * Math.min(...openPerOperator.values())) / lane.maxInFlightPerOperator;
}

/** Whether this payer's own wallet may send another transfer. */
export function hasRoom(lane: Lane, status: LaneStatus, payer: string): boolean {
  return (status.openPerOperator.get(payer) ?? 0) < lane.maxInFlightPerOperator;
}
