import { sql } from "slonik";
import { z } from "zod";
import type { Database, Transaction } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { ProviderEnd } from "../payment/judge-transfer.ts";
import { formatMicros, parseMicros } from "../payment/money.ts";

/** Looked at per round: at Circle's five a second, those of some minutes. */
const LOOKED_AT_MAX = 100;

const transferRow = z
  .object({
    id: z.string(),
    payment_id: z.string(),
    generation: z.number(),
    payer: z.string(),
    token: z.string(),
    recipient: z.string(),
    amount: z.string().transform((text) => parseMicros(text) ?? 0n),
    circle_id: z.string().nullable(),
    circle_state: z.string().nullable(),
    hashes: z.array(z.string()),
    provider_end: z.enum(["refused", "unpaid"]).nullable(),
    provider_ended_at: z.date().nullable(),
    ended_for_capacity: z.boolean(),
    error_code: z.string().nullable(),
    error_detail: z.string().nullable(),
    created_at: z.date(),
  })
  .transform((row) => ({
    id: row.id,
    paymentId: row.payment_id,
    generation: row.generation,
    terms: { payer: row.payer, token: row.token, recipient: row.recipient, amount: row.amount },
    circleId: row.circle_id,
    circleState: row.circle_state,
    hashes: row.hashes,
    end: endOf(row),
    createdAt: row.created_at,
  }));

/** An open transfer, as far as its evidence is concerned. */
export type OpenTransfer = z.infer<typeof transferRow>;

function endOf(row: {
  provider_ended_at: Date | null;
  error_code: string | null;
  error_detail: string | null;
  ended_for_capacity: boolean;
}): ProviderEnd | null {
  if (row.provider_ended_at === null) return null;
  return {
    at: row.provider_ended_at,
    code: row.error_code ?? "circle_refused",
    detail: row.error_detail ?? "",
    isCapacity: row.ended_for_capacity,
  };
}

const columns = sql.fragment`
  t.id, i.payment_id, i.generation, i.payer, i.token, i.recipient, i.amount, t.circle_id, t.circle_state, t.hashes,
  t.provider_end, t.provider_ended_at, t.ended_for_capacity, t.error_code, t.error_detail, t.created_at`;

/** The next open transfers behind `after` about which Circle has said something that the chain can answer. */
export async function readOpenTransfers(
  pool: Database,
  after: string,
): Promise<{ readonly transfers: readonly OpenTransfer[]; readonly isEnd: boolean }> {
  const transfers = await askDatabase(() =>
    pool.any(sql.prepared("settle-open-transfers", transferRow)`
      SELECT ${columns} FROM transactions t JOIN transaction_items i ON i.transaction_id = t.id
      WHERE t.state = 'open' AND t.method = 'transfer' AND t.id > ${after}::uuid
        AND (cardinality(t.hashes) > 0 OR t.provider_end IS NOT NULL OR t.circle_state = 'COMPLETE')
      ORDER BY t.id LIMIT ${LOOKED_AT_MAX}
    `),
  );
  return { transfers, isEnd: transfers.length < LOOKED_AT_MAX };
}

/** The same transfer as it is now, locked; undefined where it is no longer open. Lock its payment first. */
export async function lockTransfer(tx: Transaction, id: string): Promise<OpenTransfer | undefined> {
  const found = await tx.maybeOne(sql.prepared("settle-lock-transfer", transferRow)`
    SELECT ${columns} FROM transactions t JOIN transaction_items i ON i.transaction_id = t.id
    WHERE t.id = ${id}::uuid AND t.state = 'open' FOR UPDATE OF t
  `);
  return found ?? undefined;
}

const answeredRow = z.object({ all_answered: z.boolean() });

/** Whether every POST ever made for this generation was answered. */
export async function isEveryPostAnswered(
  tx: Transaction,
  paymentId: string,
  generation: number,
): Promise<boolean> {
  const row = await tx.one(sql.prepared("settle-posts-answered", answeredRow)`
    SELECT coalesce(bool_and(t.posts = t.answers), true) AS all_answered
    FROM transaction_items i JOIN transactions t ON t.id = i.transaction_id
    WHERE i.payment_id = ${paymentId}::uuid AND i.generation = ${generation}
  `);
  return row.all_answered;
}

const claimedRow = z
  .object({ tx_hash: z.string(), log_index: z.number() })
  .transform((row) => ({ txHash: row.tx_hash, logIndex: row.log_index }));

/** Which of these logs are another's: they prove a payment already, or are of a hash that Circle named for another transfer. */
export async function readClaimed(
  tx: Transaction,
  { id, chainId }: { readonly id: string; readonly chainId: number },
  logs: readonly { readonly txHash: string; readonly logIndex: number }[],
): Promise<readonly { readonly txHash: string; readonly logIndex: number }[]> {
  if (logs.length === 0) return [];
  const hashes = sql.array(
    logs.map(({ txHash }) => txHash),
    "text",
  );
  const places = sql.array(
    logs.map(({ logIndex }) => logIndex),
    "int4",
  );
  return tx.any(sql.prepared("settle-claimed-transfers", claimedRow)`
    SELECT l.tx_hash, l.log_index FROM unnest(${hashes}, ${places}) AS l (tx_hash, log_index)
    WHERE EXISTS (
        SELECT FROM transfers p
        WHERE p.chain_id = ${chainId} AND p.tx_hash = l.tx_hash AND p.log_index = l.log_index)
      OR EXISTS (SELECT FROM transactions t WHERE t.hashes @> ARRAY[l.tx_hash] AND t.id <> ${id}::uuid)
  `);
}

const rivalRow = z.object({ has_rival: z.boolean() });

/** Whether another transfer of the very same terms is on its way: what moved may be that one's. */
export async function hasRival(
  tx: Transaction,
  { id, terms }: Pick<OpenTransfer, "id" | "terms">,
): Promise<boolean> {
  const row = await tx.one(sql.prepared("settle-rival-transfer", rivalRow)`
    SELECT EXISTS (
      SELECT FROM transactions t JOIN transaction_items i ON i.transaction_id = t.id
      WHERE t.state = 'open' AND t.method = 'transfer' AND t.id <> ${id}::uuid AND i.payer = ${terms.payer}
        AND i.token = ${terms.token} AND i.recipient = ${terms.recipient}
        AND i.amount = ${formatMicros(terms.amount)}::numeric
    ) AS has_rival
  `);
  return row.has_rival;
}
