import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import type { RailName } from "../payment/events.ts";
import { parseMicros, type Micros } from "../payment/money.ts";
import type { Intent } from "../payment/state.ts";
import type { Queue } from "./due-queues.ts";

/** A payment that may be sent now, with the terms of its generation. */
export interface DuePayment {
  readonly paymentId: string;
  readonly generation: number;
  readonly state: "planned" | "voiding" | "review";
  readonly intent: Intent;
  readonly payer: string;
  readonly token: string;
  readonly platformId: string;
  readonly recipient: string;
  readonly amount: Micros;
  /** After a failed batch: it travels only with others of the same cap, at most so many of them. */
  readonly batchCap: number | null;
}

const row = z.object({
  queue: z.bigint(),
  fresh: z.boolean(),
  id: z.string(),
  generation: z.number(),
  state: z.enum(["planned", "voiding", "review"]),
  recipient: z.string(),
  net_amount: z.string(),
  batch_cap: z.number().nullable(),
});

/**
 * The first payments of each queue, at most `limit` that waited for their time and `limit` that never had to, in turn:
 * neither kind hides the other. One with a stored Paid of any generation, or a Voided of its own, is left to settlement.
 */
export async function pickDue(
  db: CommonQueryMethods,
  rail: RailName,
  queues: readonly Queue[],
  limit: number,
): Promise<DuePayment[][]> {
  const column = (name: "intent" | "payer" | "token" | "platformId") =>
    sql.array(
      queues.map((queue) => queue[name]),
      "text",
    );
  const candidate = sql.fragment`
    SELECT p.id, p.generation, p.state, p.recipient, p.net_amount, p.batch_cap, p.next_attempt_at FROM payments p
    WHERE p.intent = q.intent AND p.rail = ${rail} AND p.payer = q.payer AND p.token = q.token
      AND p.platform_id = q.platform_id AND p.transaction_id IS NULL
      AND NOT EXISTS (
        SELECT FROM chain_events e
        WHERE e.payment_id = p.id
          AND (e.kind = 'paid' OR (e.kind = 'voided' AND e.generation >= p.generation))
      )`;
  const rows = await db.any(sql.prepared("dispatch-pick-due", row)`
    SELECT q.n AS queue, c.* FROM unnest(${column("intent")}, ${column("payer")}, ${column("token")},
      ${column("platformId")}) WITH ORDINALITY AS q (intent, payer, token, platform_id, n)
    CROSS JOIN LATERAL (
      (SELECT false AS fresh, t.* FROM (
         ${candidate} AND p.next_attempt_at <= payment_now() ORDER BY p.next_attempt_at LIMIT ${limit}) t)
      UNION ALL
      (SELECT true AS fresh, t.* FROM (
         ${candidate} AND p.next_attempt_at IS NULL LIMIT ${limit}) t)
    ) c
  `);
  const picked = queues.map(() => ({ waited: [] as DuePayment[], fresh: [] as DuePayment[] }));
  for (const { queue, fresh, ...rest } of rows) {
    const index = Number(queue) - 1;
    const from = queues[index];
    if (from) picked[index]?.[fresh ? "fresh" : "waited"].push(toDuePayment(from, rest));
  }
  return picked.map(({ waited, fresh }) => alternate(waited, fresh));
}

function toDuePayment(
  queue: Queue,
  columns: Omit<z.infer<typeof row>, "queue" | "fresh">,
): DuePayment {
  const amount = parseMicros(columns.net_amount);
  if (amount === undefined) throw new TypeError(`net_amount ${columns.net_amount} is no amount`);
  const { id: paymentId, generation, state, recipient, batch_cap: batchCap } = columns;
  return { ...queue, paymentId, generation, state, recipient, amount, batchCap };
}

function alternate<T>(one: readonly T[], other: readonly T[]): T[] {
  const merged: T[] = [];
  for (let i = 0; i < Math.max(one.length, other.length); i += 1) {
    merged.push(...one.slice(i, i + 1), ...other.slice(i, i + 1));
  }
  return merged;
}
