import { sql, type FragmentSqlToken } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { loadCursor } from "./cursor.ts";
import { LEDGER_CHECKS, type LedgerMismatch } from "./ledger-checks.ts";
import type { Instance } from "./load-ledger.ts";
import type { TransferMismatchKind } from "./verify-transfers.ts";
import {
  verifyChain,
  type BlockRange,
  type ChainMismatchKind,
  type ChainSource,
} from "./verify-chain.ts";

export interface Mismatch {
  readonly kind: LedgerMismatch | ChainMismatchKind | TransferMismatchKind | "cursor_differs";
  readonly paymentId: string | null;
  /** One line for a person. */
  readonly detail: string;
}

export interface Verification {
  readonly mismatches: readonly Mismatch[];
  /** More were there than are listed. */
  readonly isCut: boolean;
  readonly paymentsChecked: number;
  /** Read again from the chain; null before the first block was followed. */
  readonly blocksChecked: BlockRange | null;
}

/** Per check and for the chain: enough to act on, little enough to print. */
const MISMATCHES_MAX = 200;
/** About an hour and a half of Arc; more where the caller gives the range. */
const BLOCKS_DEFAULT = 10_000n;

const mismatchRow = z
  .object({ payment_id: z.string().nullable(), detail: z.string().nullable() })
  .transform((row) => ({ paymentId: row.payment_id, detail: row.detail ?? "" }));
const countRow = z.object({ payments: z.bigint() });

/**
 * Compares payments, outcomes, outbox, reputation, tasks and stored logs with one another, and the stored logs with the
 * chain itself over `range` (the last 10,000 blocks up to the cursor unless given). Changes nothing; may run beside the
 * service. Throws `PaymentError` where database or chain did not answer.
 */
export async function verifyLedger(
  deps: { readonly pool: Database; readonly instance: Instance; readonly chain: ChainSource },
  range: Partial<BlockRange> = {},
): Promise<Verification> {
  const { pool } = deps;
  const { payments } = await askDatabase(() =>
    pool.one(sql.type(countRow)`SELECT count(*) AS payments FROM payments`),
  );
  const lists: Mismatch[][] = [];
  for (const [kind, check] of Object.entries(LEDGER_CHECKS)) {
    lists.push(await runCheck(pool, kind as LedgerMismatch, check));
  }
  const { blocksChecked, found } = await verifyBlocks(deps, range);
  lists.push(found);
  return {
    mismatches: lists.flatMap((list) => list.slice(0, MISMATCHES_MAX)),
    isCut: lists.some((list) => list.length > MISMATCHES_MAX),
    paymentsChecked: Number(payments),
    blocksChecked,
  };
}

async function runCheck(
  pool: Database,
  kind: LedgerMismatch,
  check: FragmentSqlToken,
): Promise<Mismatch[]> {
  const rows = await askDatabase(() =>
    pool.any(sql.type(mismatchRow)`
      SELECT payment_id, detail FROM (${check}) AS found LIMIT ${MISMATCHES_MAX + 1}
    `),
  );
  return rows.map((row) => ({ kind, ...row }));
}

async function verifyBlocks(
  deps: { readonly pool: Database; readonly instance: Instance; readonly chain: ChainSource },
  range: Partial<BlockRange>,
): Promise<{ blocksChecked: BlockRange | null; found: Mismatch[] }> {
  const cursor = await loadCursor(deps.pool, deps.instance);
  if (!cursor) return { blocksChecked: null, found: [] };
  const head = await deps.chain.header(cursor.number);
  if (head.hash !== cursor.hash) {
    const detail = `block ${cursor.number} was followed as ${cursor.hash}, the chain has ${head.hash}`;
    return { blocksChecked: null, found: [{ kind: "cursor_differs", paymentId: null, detail }] };
  }
  // Beyond the cursor nothing is stored yet; that is no mismatch.
  const toBlock = least(range.toBlock ?? cursor.number, cursor.number);
  const earliest = toBlock < BLOCKS_DEFAULT ? 0n : toBlock - BLOCKS_DEFAULT + 1n;
  const blocksChecked = { fromBlock: range.fromBlock ?? earliest, toBlock };
  return { blocksChecked, found: await verifyChain(deps, blocksChecked, MISMATCHES_MAX + 1) };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
