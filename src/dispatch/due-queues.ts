import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import type { RailName } from "../payment/events.ts";
import type { Intent } from "../payment/state.ts";

/** Payments that wait their turn together: same intent, payer, token and platform. */
export interface Queue {
  readonly intent: Intent;
  readonly payer: string;
  readonly token: string;
  readonly platformId: string;
}

/** Where the turn of each intent stands: the queue that was served or looked at last. */
export type TurnCursor = Readonly<Record<Intent, Queue | undefined>>;

export interface DueQueues {
  /** In turn order: those behind the cursor first. */
  readonly due: readonly Queue[];
  /** Until the first payment that is not due yet; undefined if none waits. */
  readonly nextDueInMs: number | undefined;
  /** The same once all that is due was sent: 0 where one of those waited for its time, since it may hide the next. */
  readonly nextOnceSentInMs: number | undefined;
  /** More queues than a turn looks at: some have not been seen. */
  readonly isBounded: boolean;
  /** Where the next turn begins, once this one has served a queue of this intent, or none of any (undefined). */
  cursorAfter(served: Queue | undefined): TurnCursor;
}

/** One probe of the index per queue: the turn goes on behind them next time (`cursorAfter`), so a bound hides nobody. */
const QUEUES_MAX = 200;

const row = z.object({
  turn: z.bigint(),
  intent: z.enum(["pay", "void"]),
  payer: z.string(),
  token: z.string(),
  platform_id: z.string(),
  due: z.boolean(),
  wait_ms: z.number().nullable(),
});

/**
 * Who has something due on this rail. A loose scan: each step jumps over a queue's whole backlog to the next queue, so
 * that it costs as much as there are queues, however many payments wait.
 */
export async function listDueQueues(
  db: CommonQueryMethods,
  rail: RailName,
  cursor: TurnCursor,
): Promise<DueQueues> {
  const starts = [cursor.pay, cursor.void, ...startsOver(cursor)];
  const intents = ["pay", "void", "pay", "void"];
  const column = (name: "payer" | "token" | "platformId") =>
    sql.array(
      starts.map((start) => start?.[name] ?? ""),
      "text",
    );
  const rows = await db.any(sql.prepared("dispatch-due-queues", row)`
    SELECT s.turn, w.intent, w.payer, w.token, w.platform_id,
           w.next_attempt_at IS NULL OR w.next_attempt_at <= payment_now() OR EXISTS (
             SELECT FROM payments f
             WHERE f.intent = w.intent AND f.rail = ${rail} AND f.payer = w.payer AND f.token = w.token
               AND f.platform_id = w.platform_id AND f.next_attempt_at IS NULL AND f.transaction_id IS NULL
             -- Keeps the planner from making one hash of all payments instead.
             OFFSET 0
           ) AS due,
           (extract(epoch FROM w.next_attempt_at - payment_now()) * 1000)::float8 AS wait_ms
    FROM unnest(${sql.array(intents.slice(0, starts.length), "text")}, ${column("payer")}, ${column("token")},
                ${column("platformId")}) WITH ORDINALITY AS s (intent, payer, token, platform_id, turn)
    CROSS JOIN LATERAL (
      WITH RECURSIVE walk AS (
        (SELECT p.intent, p.payer, p.token, p.platform_id, p.next_attempt_at FROM payments p
         WHERE p.intent = s.intent AND p.rail = ${rail} AND p.transaction_id IS NULL
           AND (p.payer, p.token, p.platform_id) > (s.payer, s.token, s.platform_id)
         ORDER BY p.payer, p.token, p.platform_id, p.next_attempt_at LIMIT 1)
        UNION ALL
        SELECT n.* FROM walk
        CROSS JOIN LATERAL (
          SELECT p.intent, p.payer, p.token, p.platform_id, p.next_attempt_at FROM payments p
          WHERE p.intent = walk.intent AND p.rail = ${rail} AND p.transaction_id IS NULL
            AND (p.payer, p.token, p.platform_id) > (walk.payer, walk.token, walk.platform_id)
          ORDER BY p.payer, p.token, p.platform_id, p.next_attempt_at LIMIT 1
        ) n
      )
      SELECT * FROM walk LIMIT ${QUEUES_MAX}
    ) w
    ORDER BY s.turn, w.payer, w.token, w.platform_id
  `);
  return {
    due: inTurn(rows),
    nextDueInMs: soonest(rows.filter(({ due }) => !due)),
    nextOnceSentInMs: soonest(rows),
    ...turnOver(rows, cursor),
  };
}

function turnOver(
  rows: readonly z.infer<typeof row>[],
  cursor: TurnCursor,
): Pick<DueQueues, "isBounded" | "cursorAfter"> {
  const walks = walksOf(rows);
  return {
    isBounded: [...walks.pay, ...walks.void].some((walk) => walk.length >= QUEUES_MAX),
    cursorAfter: (served) => ({ pay: next("pay", served), void: next("void", served) }),
  };

  function next(intent: Intent, served: Queue | undefined): Queue | undefined {
    if (served && served.intent !== intent) return cursor[intent];
    const [behind, fromStart] = walks[intent];
    if (served && behind.some((queue) => queueKey(queue) === queueKey(served))) return served;
    if (behind.length >= QUEUES_MAX) return behind.at(-1);
    if (served) return served;
    return fromStart.length >= QUEUES_MAX ? fromStart.at(-1) : cursor[intent];
  }
}

/** The queues behind the cursor, and those from the beginning. */
function walksOf(rows: readonly z.infer<typeof row>[]): Record<Intent, [Queue[], Queue[]]> {
  const walks: Record<Intent, [Queue[], Queue[]]> = { pay: [[], []], void: [[], []] };
  for (const { turn, intent, payer, token, platform_id: platformId } of rows) {
    walks[intent][turn <= 2n ? 0 : 1].push({ intent, payer, token, platformId });
  }
  return walks;
}

/** Behind the cursor first, then from the beginning; a cursor at the beginning needs no second walk. */
function startsOver(cursor: TurnCursor): undefined[] {
  return cursor.pay || cursor.void ? [undefined, undefined] : [];
}

function inTurn(rows: readonly z.infer<typeof row>[]): Queue[] {
  const queues = new Map<string, Queue>();
  for (const { intent, payer, token, platform_id: platformId, due } of rows) {
    const queue = { intent, payer, token, platformId };
    if (due && !queues.has(queueKey(queue))) queues.set(queueKey(queue), queue);
  }
  return [...queues.values()];
}

function soonest(rows: readonly z.infer<typeof row>[]): number | undefined {
  const waits = rows.flatMap(({ wait_ms: waitMs }) => (waitMs === null ? [] : [waitMs]));
  return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
}

function queueKey(queue: Queue): string {
  return `${queue.intent} ${queue.payer} ${queue.token} ${queue.platformId}`;
}

/** Funds are kept per payer and token. */
export function pairKey(pair: { payer: string; token: string }): string {
  return `${pair.payer} ${pair.token}`;
}
