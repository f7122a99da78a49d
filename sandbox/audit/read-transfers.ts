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

export interface TransferReader {
  /** Those of the blocks that came since it was last asked, from the first block on; what could not be read is read next time. */
  next(): Promise<Transfer[]>;
}

const transferEvent = parseAbiItem(
  "event Transfer(address indexed from, address indexed to, uint256 value)",
);
/** viem takes no more than 10 MB at once: of blocks without a limit of gas, 30 had more. Wide ranges hang on some nodes instead of failing. */
const BLOCKS_PER_QUERY = 8n;

/** Reads transfers out of the given payers, from the tokens' own logs (6 decimals), and nothing from the service. */
export function createTransferReader(
  rpcUrl: string,
  tokens: readonly string[],
  payers: readonly string[],
): TransferReader {
  const client = createPublicClient({ transport: http(rpcUrl, { timeout: 20_000 }) });
  let first = 0n;
  return {
    async next() {
      // viem would answer the same number again for some seconds.
      const head = await client.getBlockNumber({ cacheTime: 0 });
      const transfers: Transfer[] = [];
      for (let from = first; from <= head; from += BLOCKS_PER_QUERY) {
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
      first = head + 1n;
      return transfers;
    },
  };
}

/** Every transfer out of the given payers that there has ever been. */
export async function readTransfers(
  rpcUrl: string,
  tokens: readonly string[],
  payers: readonly string[],
): Promise<Transfer[]> {
  return createTransferReader(rpcUrl, tokens, payers).next();
}
