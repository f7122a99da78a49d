import { sql, type FragmentSqlToken } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { COMMIT_MAX_MS, type Window } from "./ledger-check.ts";

/** What is still to be verified. */
export interface Stretch {
  readonly fromBlock: bigint;
  readonly lastBlock: bigint;
  readonly since: Date;
  readonly now: Date;
}

/** Ten minutes of nothing are taken at once, and five of Arc's blocks. */
const TIME_MS = { first: 4_000, least: 125, most: 600_000 };
const BLOCKS = { first: 8, least: 1, most: 600 };

/**
 * The next window of at most so many rows of each kind, the oldest first; only what came in one instant, or in one block,
 * is never divided.
 *
 * A window that reaches the present is looked at again by the next one, for as long as a commit may take. Where there is
 * more than one window holds, it ends that much before the present, and nothing is looked at twice.
 */
export async function pickWindow(
  pool: Database,
  stretch: Stretch,
  rowsMax: number,
): Promise<Window> {
  const { fromBlock, since, now } = stretch;
  const until = await pickUntil(pool, stretch, rowsMax);
  const room = Number(stretch.lastBlock - fromBlock);
  const blocks = await widest(BLOCKS, room, async (width) => {
    const inBlocks = sql.fragment`block_number > ${fromBlock} AND block_number <= ${fromBlock + BigInt(width)}`;
    return (await countOf(pool, "chain_events", inBlocks)) <= rowsMax;
  });
  const toBlock = fromBlock + BigInt(blocks);
  if (until >= now) return { fromBlock, toBlock, since, until };
  return {
    fromBlock,
    toBlock: await lastBlockBy(pool, { fromBlock, toBlock, until }),
    since,
    until,
  };
}

async function pickUntil(pool: Database, { since, now }: Stretch, rowsMax: number): Promise<Date> {
  const after = (ms: number) => new Date(since.getTime() + ms);
  const room = now.getTime() - since.getTime();
  const width = await widest(TIME_MS, room, async (ms) => {
    const within = (column: FragmentSqlToken) =>
      sql.fragment`${column} > ${since.toISOString()}::timestamptz AND ${column} <= ${after(ms).toISOString()}::timestamptz`;
    const events = await countOf(pool, "inbox", within(sql.fragment`received_at`));
    if (events > rowsMax) return false;
    const outcomes = within(sql.fragment`decided_at`);
    return (await countOf(pool, "payment_outcomes", outcomes)) <= rowsMax;
  });
  if (width >= room) return now;
  return after(Math.max(0, Math.min(width, room - COMMIT_MAX_MS)));
}

/** By doubling, so that little more is counted than is taken; the least where nothing fits. */
async function widest(
  width: { readonly first: number; readonly least: number; readonly most: number },
  room: number,
  fits: (width: number) => Promise<boolean>,
): Promise<number> {
  const most = Math.min(width.most, room);
  let found = 0;
  for (let next = Math.min(width.first, most); next > found && (await fits(next));) {
    found = next;
    next = Math.min(next * 2, most);
  }
  if (found > 0 || most <= 0) return found;
  let less = Math.floor(Math.min(width.first, most) / 2);
  while (less > width.least && !(await fits(less))) less = Math.floor(less / 2);
  return Math.min(most, Math.max(less, width.least));
}

const countRow = z.object({ count: z.bigint() });

async function countOf(
  pool: Database,
  table: "inbox" | "payment_outcomes" | "chain_events",
  isCounted: FragmentSqlToken,
): Promise<number> {
  const { count } = await askDatabase(() =>
    pool.one(
      sql.type(countRow)`SELECT count(*) FROM ${sql.identifier([table])} WHERE ${isCounted}`,
    ),
  );
  return Number(count);
}

const blockRow = z.object({ block_number: z.bigint().nullable() });

/** What belongs together is looked at together: once, and not once for its log and once more for its outcome. */
async function lastBlockBy(
  pool: Database,
  { fromBlock, toBlock, until }: Pick<Window, "fromBlock" | "toBlock" | "until">,
): Promise<bigint> {
  const { block_number: later } = await askDatabase(() =>
    pool.one(sql.type(blockRow)`
      SELECT min(block_number) AS block_number FROM chain_events
      WHERE block_number > ${fromBlock} AND block_number <= ${toBlock}
        AND followed_at > ${until.toISOString()}::timestamptz
    `),
  );
  return later === null ? toBlock : later - 1n;
}
