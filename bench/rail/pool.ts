import { keccak256, parseTransaction, recoverTransactionAddress, type Hex } from "viem";

/** A transaction that no block has yet. */
export interface Pooled {
  readonly hash: Hex;
  readonly from: string;
  readonly nonce: bigint;
  readonly to: string;
  readonly data: Hex;
}

/** What waits for a block, and the nonces that are used. */
export interface Pool {
  /** Takes it, or says in a node's words why not. One with the same nonce is replaced. */
  put(transaction: Pooled): string | undefined;
  /** Takes out, in the order of their nonces, all that can be executed in this block. */
  drain(block: number): readonly Pooled[];
  /** Used nonces up to a block; up to now unless told. */
  readonly countOf: (account: string, block?: number) => bigint;
}

export function createPool(): Pool {
  const known = new Set<Hex>();
  const waiting = new Map<string, Map<bigint, Pooled>>();
  const counts = new Map<string, { readonly block: number; readonly count: bigint }[]>();

  const countOf = (account: string, block = Infinity) =>
    counts.get(account)?.findLast((one) => one.block <= block)?.count ?? 0n;

  function drainAccount(account: string, pooled: Map<bigint, Pooled>, block: number): Pooled[] {
    const drained: Pooled[] = [];
    let count = countOf(account);
    for (let next = pooled.get(count); next; next = pooled.get(count)) {
      pooled.delete(count);
      drained.push(next);
      count += 1n;
    }
    if (drained.length > 0) counts.set(account, [...(counts.get(account) ?? []), { block, count }]);
    return drained;
  }

  return {
    countOf,
    put(transaction) {
      const { hash, from, nonce } = transaction;
      if (known.has(hash)) return "already known";
      if (nonce < countOf(from)) return "nonce too low";
      known.add(hash);
      const pooled = waiting.get(from) ?? new Map<bigint, Pooled>();
      waiting.set(from, pooled.set(nonce, transaction));
      return undefined;
    },
    drain(block) {
      return [...waiting].flatMap(([account, pooled]) => drainAccount(account, pooled, block));
    },
  };
}

export async function parseSigned(raw: Hex): Promise<Pooled> {
  const { nonce = 0, to, data = "0x" } = parseTransaction(raw);
  const from = await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` });
  return {
    hash: keccak256(raw),
    from: from.toLowerCase(),
    nonce: BigInt(nonce),
    to: to?.toLowerCase() ?? "",
    data,
  };
}
