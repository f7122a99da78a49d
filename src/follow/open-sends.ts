import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";

/** A stored transaction that may still be mined under this nonce. */
export interface OpenSend {
  readonly transactionId: string;
  readonly operator: string;
  readonly nonce: bigint;
  /** Every hash ever signed for the nonce. */
  readonly hashes: readonly string[];
  /** A transaction of one of these hashes was followed, and settled for another send. */
  readonly isFollowed: boolean;
}

/** Several wallets with 12 in flight each; more can only be open after an outage, and the oldest come first. */
const SENDS_MAX = 500;

const openSendRow = z.object({
  transactionId: z.string(),
  operator: z.string(),
  nonce: z.bigint(),
  hashes: z.array(z.string()),
  isFollowed: z.boolean(),
});

/** The open sends of the arc rail, lowest nonce first. Circle's have no nonce here: Circle says what became of them. */
export async function readOpenSends(
  pool: Database,
  instance: { readonly chainId: number; readonly payOnce: string },
): Promise<readonly OpenSend[]> {
  return askDatabase(() =>
    pool.any(sql.prepared("follow-open-sends", openSendRow)`
      SELECT id AS "transactionId", operator, nonce, hashes,
        EXISTS (
          SELECT FROM chain_events e
          WHERE e.chain_id = transactions.chain_id AND e.tx_hash = ANY(transactions.hashes)
          -- Keeps the planner from making one hash of every event.
          OFFSET 0
        ) AS "isFollowed"
      FROM transactions
      WHERE state = 'open' AND nonce IS NOT NULL
        AND chain_id = ${instance.chainId} AND pay_once = ${instance.payOnce}
      ORDER BY nonce LIMIT ${SENDS_MAX}
    `),
  );
}
