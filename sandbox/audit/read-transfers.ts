import { createPublicClient, http, parseAbiItem, type Address } from "viem";

/** Money that arrived, as the token's own log tells it. */
export interface Transfer {
  readonly token: string;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly txHash: string;
  readonly logIndex: number;
}

const transferEvent = parseAbiItem(
  "event Transfer(address indexed from, address indexed to, uint256 value)",
);
/** Of 30 full blocks: viem takes no more than 10 MB at once, and wide ranges hang on some nodes instead of failing. */
const BLOCKS_PER_QUERY = 30n;

/** Every transfer out of the given payers, from the tokens' own logs (6 decimals), and nothing from the service. */
export async function readTransfers(
  rpcUrl: string,
  tokens: readonly string[],
  payers: readonly string[],
): Promise<Transfer[]> {
  const client = createPublicClient({ transport: http(rpcUrl, { timeout: 20_000 }) });
  const head = await client.getBlockNumber();
  const transfers: Transfer[] = [];
  for (let from = 0n; from <= head; from += BLOCKS_PER_QUERY) {
    const to = from + BLOCKS_PER_QUERY - 1n;
    const logs = await client.getLogs({
      address: tokens.map((token) => token as Address),
      event: transferEvent,
      args: { from: payers.map((payer) => payer as Address) },
      fromBlock: from,
      toBlock: to < head ? to : head,
      strict: true,
    });
    for (const log of logs) {
      transfers.push({
        token: log.address.toLowerCase(),
        from: log.args.from.toLowerCase(),
        to: log.args.to.toLowerCase(),
        amount: log.args.value,
        txHash: log.transactionHash.toLowerCase(),
        logIndex: log.logIndex,
      });
    }
  }
  return transfers;
}
