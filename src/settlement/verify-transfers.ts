import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { parseMicros } from "../payment/money.ts";
import { logKey, provesTerms, type TransferLog } from "../payment/transfer-log.ts";
import type { TransferReader } from "./confirm-transfers.ts";
import type { TransferMismatchKind } from "./verification.ts";

export interface TransferMismatch {
  readonly kind: TransferMismatchKind;
  readonly paymentId: string | null;
  readonly detail: string;
}

export interface VerifyTransfersDeps {
  readonly pool: Database;
  readonly transfers: TransferReader;
}

/** The newest of each; a receipt or a search each, so that a look at all of them takes seconds. */
const PROOFS_MAX = 1_000;
const ENDED_MAX = 200;
const AT_ONCE = 16;
/** As in `confirm-transfers.ts`: clocks differ by less. */
const CLOCK_SLACK_MS = 30_000;

const proofRow = z.object({
  payment_id: z.string(),
  tx_hash: z.string(),
  log_index: z.number(),
  payer: z.string(),
  token: z.string(),
  recipient: z.string(),
  amount: z.string().transform((text) => parseMicros(text) ?? 0n),
});
const endedRow = proofRow
  .omit({ tx_hash: true, log_index: true })
  .extend({ id: z.string(), created_at: z.date() });
const placeRow = z
  .object({ tx_hash: z.string(), log_index: z.number() })
  .transform((row) => logKey({ txHash: row.tx_hash, logIndex: row.log_index }));

/**
 * Compares plain transfers with the chain: each proof must be the token's log that it says it is, and what Circle ended
 * unpaid must have left no log that proves nothing. Changes nothing. Throws where database or chain did not answer.
 */
export async function verifyTransfers(deps: VerifyTransfersDeps): Promise<TransferMismatch[]> {
  return [...(await verifyProofs(deps)), ...(await verifyEnded(deps))];
}

async function verifyProofs({ pool, transfers }: VerifyTransfersDeps): Promise<TransferMismatch[]> {
  const proofs = await askDatabase(() =>
    pool.any(sql.type(proofRow)`
      SELECT payment_id, tx_hash, log_index, payer, token, recipient, amount FROM transfers
      ORDER BY block_number DESC LIMIT ${PROOFS_MAX}
    `),
  );
  return inParts(proofs, async ({ payment_id: paymentId, tx_hash, log_index, ...terms }) => {
    const receipt = await transfers.receipt(tx_hash);
    const logs = receipt.kind === "mined" ? receipt.transfers : [];
    if (logs.some((log) => log.logIndex === log_index && provesTerms(log, terms))) return [];
    const detail = `no transfer of its terms at ${tx_hash} log ${log_index}`;
    return [{ kind: "transfer_not_on_chain", paymentId, detail }];
  });
}

async function verifyEnded({ pool, transfers }: VerifyTransfersDeps): Promise<TransferMismatch[]> {
  const ended = await askDatabase(() =>
    pool.any(sql.type(endedRow)`
      SELECT t.id, i.payment_id, i.payer, i.token, i.recipient, i.amount, t.created_at
      FROM transactions t JOIN transaction_items i ON i.transaction_id = t.id
      WHERE t.method = 'transfer' AND t.state = 'dead' ORDER BY t.created_at DESC LIMIT ${ENDED_MAX}
    `),
  );
  return inParts(ended, async ({ id, payment_id: paymentId, created_at: createdAt, ...terms }) => {
    const since = new Date(createdAt.getTime() - CLOCK_SLACK_MS);
    const { found } = await transfers.search(terms, since);
    if (found.length === 0) return [];
    const proven = new Set(
      await askDatabase(() =>
        pool.any(sql.type(placeRow)`
          SELECT l.tx_hash, l.log_index
          FROM unnest(${column(found, "txHash", "text")}, ${column(found, "logIndex", "int4")}) AS l (tx_hash, log_index)
          WHERE EXISTS (SELECT FROM transfers f WHERE f.tx_hash = l.tx_hash AND f.log_index = l.log_index)
            OR EXISTS (SELECT FROM transactions t WHERE t.state = 'open' AND t.hashes @> ARRAY[l.tx_hash])
        `),
      ),
    );
    return found
      .filter((log) => !proven.has(logKey(log)))
      .map((log) => {
        const detail = `transfer ${id} was ended unpaid, but ${logKey(log)} moved its amount and proves no payment`;
        return { kind: "ended_transfer_on_chain", paymentId, detail };
      });
  });
}

function column(logs: readonly TransferLog[], name: "txHash" | "logIndex", type: string) {
  return sql.array(
    logs.map((log) => log[name]),
    type,
  );
}

async function inParts<T>(
  items: readonly T[],
  check: (item: T) => Promise<TransferMismatch[]>,
): Promise<TransferMismatch[]> {
  const found: TransferMismatch[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    found.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(check))).flat());
  }
  return found;
}
