import { createPublicClient, http } from "viem";
import type { Measures } from "../question.ts";

/**
 * What the payments of these blocks cost, and how much of what the blocks had room for they took: from the first block to the
 * last one, which is the last with a payment in it.
 */
export async function gasMeasures(
  rpcUrl: string,
  { first, last }: { readonly first: number; readonly last: number },
  payments: number,
): Promise<Measures> {
  const client = createPublicClient({ transport: http(rpcUrl) });
  let used = 0n;
  let offered = 0n;
  for (let blockNumber = BigInt(first); blockNumber <= BigInt(last); blockNumber += 1n) {
    const block = await client.getBlock({ blockNumber });
    used += block.gasUsed;
    offered += block.gasLimit;
  }
  return {
    gasPerPayment: Number(used) / payments,
    gasUsedPercent: (Number(used) * 100) / Number(offered),
  };
}
