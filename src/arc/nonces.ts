/** The nonces of one wallet, as its lane knows them. Memory only: the chain's count and the stored sends rebuild it. */
export interface Nonces {
  /** The chain's count of used nonces, as last read; never falls, since a node that lags must not reopen a used one. */
  count(): bigint;
  countRead(count: bigint): void;
  /** The lowest nonce that the chain has not used and no send holds: gaps first. Repeats itself until one is taken. */
  next(): bigint;
  take(nonce: bigint): void;
  /** A nonce whose send was given up without being mined. */
  release(nonce: bigint): void;
}

export function createNonces(chainCount: bigint, openNonces: readonly bigint[]): Nonces {
  let count = chainCount;
  const taken = new Set(openNonces);
  return {
    count: () => count,
    countRead(read) {
      if (read > count) count = read;
      for (const nonce of taken) if (nonce < count) taken.delete(nonce);
    },
    next() {
      let nonce = count;
      while (taken.has(nonce)) nonce += 1n;
      return nonce;
    },
    take: (nonce) => void taken.add(nonce),
    release: (nonce) => void taken.delete(nonce),
  };
}
