import { sql } from "slonik";
import { z } from "zod";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { ConfirmDeps } from "./confirm-transfers.ts";
import {
  expectedColumns,
  expectedRow,
  expectedTables,
  provenTerms,
  toExpected,
  type ExpectedTransfer,
} from "./expected-terms.ts";
import { settleNamed } from "./settle-named.ts";
import { announceSettled, type Settled } from "./settle-logs.ts";

/** Receipts asked for per sweep. */
const LOOKED_AT_MAX = 20;
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

const announcedRow = expectedRow.extend({
  event_id: z.string(),
  announced_generation: z.number(),
  tx_hash: z.string(),
});

interface Announced extends ExpectedTransfer {
  readonly announcedGeneration: number;
  readonly txHash: string;
}

/**
 * Completes plain transfers that our own topic had announced as completed and a restored database has forgotten, by the
 * receipt of the transaction that the event names; their event is not made again. What that does not prove waits in
 * review, and is looked at again. Each call looks at the next part, round and round. Answers how many it settled.
 */
export function createAnnouncedSweep(deps: ConfirmDeps): () => Promise<number> {
  let after = BEFORE_ALL;
  return async () => {
    const rows = await askDatabase(() => readAnnounced(deps, after));
    after = rows.length < LOOKED_AT_MAX ? BEFORE_ALL : (rows.at(-1)?.event_id ?? BEFORE_ALL);
    let settled = 0;
    for (const row of rows) {
      const { announced_generation: announcedGeneration, tx_hash: txHash } = row;
      const expected = toExpected(row, deps.tokens);
      if (await settleAnnounced(deps, { ...expected, announcedGeneration, txHash })) settled += 1;
    }
    return settled;
  };
}

function readAnnounced({ pool }: ConfirmDeps, after: string) {
  return pool.any(sql.prepared("settle-announced-transfers", announcedRow)`
    SELECT a.event_id, a.generation AS announced_generation, a.tx_hash, ${expectedColumns}
    FROM announced_outcomes a JOIN (${expectedTables}) ON p.id = a.payment_id
    WHERE a.kind = 'completed' AND a.tx_hash IS NOT NULL AND a.event_id > ${after}::uuid
      AND p.state IN ('accepted', 'review', 'failed') AND p.generation <= a.generation
      AND EXISTS (SELECT FROM payment_outcomes o WHERE o.event_id = a.event_id)
    ORDER BY a.event_id LIMIT ${LOOKED_AT_MAX}
  `);
}

async function settleAnnounced(deps: ConfirmDeps, announced: Announced): Promise<boolean> {
  const { paymentId, state, generation, announcedGeneration, txHash } = announced;
  const lookedAtMs = performance.now();
  const receipt = await deps.transfers.receipt(txHash);
  const looked = { receipt, lookedAtMs, readAtMs: performance.now() };
  const logs = receipt.kind === "mined" ? receipt.transfers : [];
  // Terms of an older generation are not those of the one that was paid.
  const isSame = generation === announcedGeneration;
  const later = { ...announced, net: null };
  const terms = isSame
    ? provenTerms(logs, announced)
    : (provenTerms(logs, later) ?? provenTerms(logs, { ...later, ...announced.directory }));
  const from = { state, generation };
  const named = { paymentId, from, generation: announcedGeneration, txHash, circle: null };
  const settled = terms
    ? await transact<Settled, undefined>(deps.pool, async (tx, rollBack) => {
        const proven = await settleNamed(tx, deps, { ...named, ...looked, terms });
        return proven ?? rollBack(undefined);
      })
    : undefined;
  if (settled) announceSettled(deps, settled);
  else await reviewUnproven(deps, announced);
  return settled !== undefined;
}

const idRow = z.object({ id: z.string() });

/** A payment that is there already keeps its reason: it says more. */
async function reviewUnproven(
  { pool, log }: ConfirmDeps,
  { paymentId, state, generation, announcedGeneration, txHash }: Announced,
): Promise<void> {
  if (state === "review") return;
  const reason = "announced_unproven";
  const written = await askDatabase(() =>
    pool.any(sql.prepared("settle-announced-unproven", idRow)`
      WITH doubted AS (
        UPDATE payments SET state = 'review', generation = ${announcedGeneration}, intent = NULL, next_attempt_at = NULL,
          doubt_reason = ${reason}, doubt_since = payment_now(), failure_code = NULL, failure_message = NULL,
          failure_retryable = NULL, settled_at = NULL, last_checked_at = payment_now(),
          payer = CASE WHEN generation = ${announcedGeneration} THEN payer END,
          token = CASE WHEN generation = ${announcedGeneration} THEN token END,
          recipient = CASE WHEN generation = ${announcedGeneration} THEN recipient END,
          net_amount = CASE WHEN generation = ${announcedGeneration} THEN net_amount END,
          fee = CASE WHEN generation = ${announcedGeneration} THEN fee END
        WHERE id = ${paymentId}::uuid AND state = ${state} AND generation = ${generation}
        RETURNING id, generation
      ), entry AS (
        INSERT INTO audit_log (actor, action, payment_id, generation, details)
        SELECT 'system', 'payment.review', id, generation, ${sql.jsonb({ reason, txHash })} FROM doubted
      )
      SELECT id FROM doubted
    `),
  );
  if (written.length > 0)
    log.warn({ paymentId, txHash }, "the chain does not prove what was announced");
}
