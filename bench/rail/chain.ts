import { openSync, writeSync } from "node:fs";
import type { Hex } from "viem";
import { BURST_MS } from "../provider/bursts.ts";
import { completeLines, type Ledger, type Transfer } from "../provider/ledger.ts";
import { createPayOnce, type Log, type Moved } from "./pay-once.ts";
import { createPool, parseSigned, type Pooled } from "./pool.ts";

export interface Mined {
  readonly hash: Hex;
  readonly isReverted: boolean;
  readonly logs: readonly (Log & { readonly logIndex: number })[];
}

/** A block that has transactions; those between are empty and need no memory. */
export interface Block {
  readonly transactions: readonly Mined[];
}

const EMPTY: Block = { transactions: [] };

interface ChainFiles {
  readonly journalPath: string;
  readonly ledger: Ledger;
  /** The instance, lower-case. */
  readonly payOnce: string;
}

/**
 * A chain in this process whose blocks are the provider's bursts: block n ends n bursts after its beginning. What it was
 * given is in its journal before it answers, and which block a transaction gets depends on the journal alone, so that a
 * chain opened again is the same chain, to the last log.
 */
export async function openChain({ journalPath, ledger, payOnce }: ChainFiles) {
  const file = openSync(journalPath, "a+");
  if (completeLines(journalPath).length === 0) writeSync(file, `${JSON.stringify([Date.now()])}\n`);
  const [[beganAtMs], ...journal] = readJournal(journalPath);
  const contract = createPayOnce(payOnce);
  const pool = createPool();
  const blocks = new Map<number, Block>();
  const blockOfHash = new Map<string, number>();
  const pay = payFreshOnly(ledger);
  const genesisMs = Math.floor(beganAtMs / BURST_MS) * BURST_MS;
  const timeOf = (block: number) => genesisMs + block * BURST_MS;
  let head = 0;

  function mine(block: number): void {
    const done = pool.drain(block).map((one) => ({ ...one, ...run(one) }));
    if (done.length === 0) return;
    for (const { hash } of done) blockOfHash.set(hash, block);
    blocks.set(block, { transactions: numbered(done) });
    const movements = done.flatMap(({ hash, moved }) => moved.map((one) => ({ ...one, id: hash })));
    pay(movements.map((one) => ({ ...one, key: null, executedAtMs: timeOf(block) })));
  }

  function run({ to, data }: Pooled) {
    const executed = to === payOnce ? contract.execute(data) : undefined;
    return executed
      ? { ...executed, isReverted: false }
      : { logs: [] as Log[], moved: [] as Moved[], isReverted: true };
  }

  /** Whatever came since the last block is in the one after it; further ones up to now are empty. */
  function advanceTo(ms: number): number {
    const number = Math.floor((ms - genesisMs) / BURST_MS);
    if (number > head) {
      mine(head + 1);
      head = number;
    }
    return head;
  }

  for (const [atMs, raw] of journal) {
    advanceTo(atMs);
    pool.put(await parseSigned(raw));
  }
  return {
    timeOf,
    countOf: pool.countOf,
    slotOf: contract.slotOf,
    headNumber: () => advanceTo(Date.now()),
    blockAt: (block: number): Block => blocks.get(block) ?? EMPTY,
    blockOfTransaction: (hash: string) => blockOfHash.get(hash),
    /** Takes signed bytes, or says in a node's words why not. */
    async take(raw: Hex): Promise<{ readonly hash: Hex; readonly refusal: string | undefined }> {
      const transaction = await parseSigned(raw);
      const nowMs = Date.now();
      advanceTo(nowMs);
      const refusal = pool.put(transaction);
      if (refusal === undefined) writeSync(file, `${JSON.stringify([nowMs, raw])}\n`);
      return { hash: transaction.hash, refusal };
    },
  };
}

export type Chain = Awaited<ReturnType<typeof openChain>>;

/** When the chain began, then each transaction with the moment at which it was taken. */
type Journal = [began: [atMs: number], ...taken: (readonly [atMs: number, raw: Hex])[]];

function readJournal(path: string): Journal {
  return completeLines(path).map((line) => JSON.parse(line) as unknown) as Journal;
}

/** A chain opened again finds in the ledger what its earlier life has paid, and pays it no second time. */
function payFreshOnly(ledger: Ledger): (transfers: readonly Transfer[]) => void {
  let paidBefore = ledger.earlier.length;
  return (transfers) => {
    ledger.append(transfers.slice(paidBefore));
    paidBefore = Math.max(0, paidBefore - transfers.length);
  };
}

/** Log indices run through the whole block. */
function numbered(
  transactions: readonly (Omit<Mined, "logs"> & { readonly logs: readonly Log[] })[],
) {
  let next = 0;
  return transactions.map(({ hash, isReverted, logs }): Mined => {
    return { hash, isReverted, logs: logs.map((log) => ({ ...log, logIndex: next++ })) };
  });
}
