import { sql, type FragmentSqlToken } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { refOf } from "../payment/ids.ts";
import { PAYMENT_STATES } from "../payment/state.ts";
import type { Instance } from "./load-ledger.ts";
import type { Mismatch, SlotMismatchKind } from "./verification.ts";

/** A payment's slot in our instance. */
export interface Slot {
  readonly paid: boolean;
  /** The lowest generation that may still be paid. */
  readonly floor: number;
}

/** PayOnce's own word. Throws when it got no answer. */
export interface SlotSource {
  slots(refs: readonly string[], blockNumber: bigint): Promise<readonly Slot[]>;
}

interface SlotDeps {
  readonly pool: Database;
  readonly instance: Instance;
  readonly chain: SlotSource;
}

/** Asked in one request to a node. */
const SLOTS_AT_ONCE = 100;

const row = z.object({
  id: z.string(),
  state: z.enum(PAYMENT_STATES),
  generation: z.number(),
  wasSent: z.boolean(),
  block: z.bigint(),
});
type Row = z.infer<typeof row>;

/** Which payments' slots to ask for, the next of them after an id. */
export type Pick = (afterId: string, count: number) => FragmentSqlToken;

const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

/**
 * Asks our instance for the slots of payments, at exactly the block whose effects their rows had, and compares: what is
 * completed is paid there and nothing else is, and what failed after it was sent is closed. `limit` bounds how many.
 */
export async function verifySlots(
  deps: SlotDeps,
  pick: Pick,
  limit: number,
): Promise<{ readonly checked: number; readonly mismatches: Mismatch[] }> {
  const mismatches: Mismatch[] = [];
  let checked = 0;
  let after = BEFORE_ALL;
  while (checked < limit) {
    const count = Math.min(SLOTS_AT_ONCE, limit - checked);
    const rows = await readRows(deps, pick(after, count));
    const last = rows.at(-1);
    const [first] = rows;
    if (!first || !last) break;
    const slots = await deps.chain.slots(
      rows.map(({ id }) => refOf(id)),
      first.block,
    );
    mismatches.push(...rows.flatMap((each, index) => compare(each, slots[index])));
    checked += rows.length;
    after = last.id;
  }
  return { checked, mismatches };
}

/** All, or from a random id on: ids are hashes, so those that follow are a fair sample. */
export const pickAny: Pick = (afterId, count) => sql.fragment`
  SELECT id FROM payments WHERE id > ${afterId}::uuid ORDER BY id LIMIT ${count}`;

export function pickThese(ids: readonly string[]): Pick {
  return (afterId, count) => sql.fragment`
    SELECT id FROM unnest(${sql.array(ids, "uuid")}) AS t (id) WHERE id > ${afterId}::uuid ORDER BY id LIMIT ${count}`;
}

/** Rows and cursor of one moment: settlement moves both in one commit. */
async function readRows({ pool, instance }: SlotDeps, picked: FragmentSqlToken) {
  const { chainId, payOnce } = instance;
  return askDatabase(() =>
    pool.any(sql.type(row)`
      SELECT p.id, p.state, p.generation, p.first_sent_at IS NOT NULL AS "wasSent", c.block_number AS block
      FROM payments p JOIN (${picked}) AS t ON t.id = p.id
      JOIN chain_cursors c ON c.chain_id = ${chainId} AND c.pay_once = ${payOnce}
      WHERE p.method = 'payonce' AND p.chain_id = ${chainId} AND p.pay_once = ${payOnce}
      ORDER BY p.id
    `),
  );
}

function compare(payment: Row, slot: Slot | undefined): Mismatch[] {
  const { id, state, generation, wasSent, block } = payment;
  const found = (kind: SlotMismatchKind): Mismatch[] => {
    const says = slot ? `paid ${slot.paid}, floor ${slot.floor}` : "nothing";
    const detail = `${state} in generation ${generation}, but its slot says ${says} at block ${block}`;
    return [{ kind, severity: "broken", paymentId: id, blockNumber: null, detail }];
  };
  if (state === "completed") return slot?.paid ? [] : found("slot_not_paid");
  // Evidence that contradicts us is why a payment is in review: that is said elsewhere.
  if (state === "review") return [];
  if (slot?.paid) return found("slot_paid");
  const isOpen = slot === undefined || slot.floor <= generation;
  return state === "failed" && wasSent && isOpen ? found("slot_not_closed") : [];
}
