import { numberToHex } from "viem";
import { z } from "zod";
import { PaymentError } from "../errors.ts";
import type { Terms } from "../payment/evidence.ts";
import type { TransferLog, TransferReceipt, TransferSearch } from "../payment/transfer-log.ts";
import type { TransferReader } from "../settlement/confirm-transfers.ts";
import {
  headOf,
  isNullAnswer,
  quantityOf,
  resultOf,
  unavailable,
  type Head,
} from "./read-answers.ts";
import { addressIn, isWord, TRANSFER_TOPIC } from "./read-logs.ts";
import type { Rpc, RpcAnswer } from "./rpc.ts";

/** Some nodes hang on wide ranges instead of refusing them. */
const RANGE_BLOCKS = 2_000n;
/** Half a day of Arc: further back than any search of a service that is looked after. */
const RANGES_MAX = 50;

const rawLog = z.object({
  address: z.string(),
  topics: z.array(z.string()),
  data: z.string(),
  blockNumber: z.string(),
  transactionHash: z.string(),
  logIndex: z.string(),
});
type RawTransfer = z.infer<typeof rawLog>;
const rawLogs = z.array(rawLog);
const receipt = z.object({ status: z.enum(["0x0", "0x1"]), logs: rawLogs });

/** The tokens' own Transfer logs, read from receipts and searched for. */
export function createTransferReader(rpc: Rpc, tokens: readonly string[]): TransferReader {
  let newest = 0n;
  const hasAll = (number: RpcAnswer | undefined) =>
    number !== undefined && "result" in number && quantityOf(number) >= newest;
  return {
    async receipt(txHash): Promise<TransferReceipt> {
      const [found, number] = await rpc.ask(
        [
          { method: "eth_getTransactionReceipt", params: [txHash] },
          { method: "eth_blockNumber", params: [] },
        ],
        { isUsable: ([found, number]) => !isNullAnswer(found) || hasAll(number) },
      );
      const head = quantityOf(number);
      if (head > newest) newest = head;
      // From a node that lags this is as true: it is not known to be mined.
      if (resultOf(found) === null) return { kind: "unknown" };
      const { status, logs } = checked(receipt, resultOf(found));
      if (status === "0x0") return { kind: "reverted" };
      return { kind: "mined", transfers: logs.flatMap((log) => readTransfer(log, tokens)) };
    },
    async search(terms, since): Promise<TransferSearch> {
      const [latest] = await rpc.ask(
        [{ method: "eth_getBlockByNumber", params: ["latest", false] }],
        {
          isUsable: ([block]) =>
            block !== undefined && "result" in block && headOf(block).number >= newest,
        },
      );
      const head = headOf(latest);
      if (head.number > newest) newest = head.number;
      return searchBackwards(rpc, terms, { head, since });
    },
  };
}

/** From the head back to the first range that begins before `since`. */
async function searchBackwards(
  rpc: Rpc,
  terms: Terms,
  { head, since }: { readonly head: Head; readonly since: Date },
): Promise<TransferSearch> {
  const found: TransferLog[] = [];
  let to = head.number;
  for (let range = 0; range < RANGES_MAX; range += 1) {
    const from = to >= RANGE_BLOCKS ? to - RANGE_BLOCKS + 1n : 0n;
    const [logs, first, number] = await rpc.ask(
      [
        { method: "eth_getLogs", params: [filterOf(terms, from, to)] },
        { method: "eth_getBlockByNumber", params: [numberToHex(from), false] },
        { method: "eth_blockNumber", params: [] },
      ],
      { isUsable: ([, , number]) => knows(number, head) },
    );
    if (!knows(number, head)) {
      throw new PaymentError(
        "CHAIN_BLOCK_UNKNOWN",
        "retry",
        `no node has block ${head.number} yet`,
      );
    }
    found.push(
      ...checked(rawLogs, resultOf(logs)).flatMap((log) => readTransfer(log, [terms.token])),
    );
    if (from === 0n || headOf(first).timestamp < since) {
      const matching = found.filter(({ amount }) => amount === terms.amount);
      return { found: matching, upTo: head.timestamp, isComplete: true };
    }
    to = from - 1n;
  }
  return { found, upTo: head.timestamp, isComplete: false };
}

function knows(number: RpcAnswer | undefined, head: Head): boolean {
  return number !== undefined && "result" in number && quantityOf(number) >= head.number;
}

function filterOf({ token, payer, recipient }: Terms, from: bigint, to: bigint) {
  const word = (address: string) => `0x${address.slice(2).padStart(64, "0")}`;
  return {
    address: token,
    topics: [TRANSFER_TOPIC, word(payer), word(recipient)],
    fromBlock: numberToHex(from),
    toBlock: numberToHex(to),
  };
}

/** Only the token's own log counts: Arc's system logs the same movement in 18 decimals, from another address. */
function readTransfer(log: RawTransfer, tokens: readonly string[]): TransferLog[] {
  const token = log.address.toLowerCase();
  const [topic, from, to] = log.topics;
  if (!tokens.includes(token) || topic !== TRANSFER_TOPIC || !isWord(log.data)) return [];
  if (from === undefined || to === undefined || log.topics.length !== 3) return [];
  return [
    {
      txHash: log.transactionHash.toLowerCase(),
      logIndex: Number(log.logIndex),
      blockNumber: BigInt(log.blockNumber),
      payer: addressIn(from),
      token,
      recipient: addressIn(to),
      amount: BigInt(log.data),
    },
  ];
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  throw unavailable("the node's logs have not the shape of logs");
}
