import { createPublicClient, http } from "viem";
import type { Measures } from "../question.ts";

/**
 * What the payments of these blocks cost, and how much of what the blocks had room for they took while there were enough of
 * them: between the first block with payments and the last, which hold what was there by then.
 */
export async function gasMeasures(
  rpcUrl: string,
  { first, last }: { readonly first: number; readonly last: number },
  payments: number,
): Promise<Measures> {
  const client = createPublicClient({ transport: http(rpcUrl) });
  const blocks: { readonly used: number; readonly limit: number }[] = [];
  for (let blockNumber = BigInt(first); blockNumber <= BigInt(last); blockNumber += 1n) {
    const { gasUsed, gasLimit } = await client.getBlock({ blockNumber });
    blocks.push({ used: Number(gasUsed), limit: Number(gasLimit) });
  }
  const hasPayments = ({ used }: { readonly used: number }) => used > 0;
  const full = blocks.slice(blocks.findIndex(hasPayments) + 1, blocks.findLastIndex(hasPayments));
  const gasPerPayment = sum(blocks.map(({ used }) => used)) / payments;
  if (full.length === 0) return { gasPerPayment };
  const offered = sum(full.map(({ limit }) => limit));
  return { gasPerPayment, gasUsedPercent: (sum(full.map(({ used }) => used)) * 100) / offered };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
