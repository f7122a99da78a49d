import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { PaymentError } from "../errors.ts";
import type { ChainReader, ReceiptVerdict } from "../follow/chain-reader.ts";
import { createBlockSource } from "./block-source.ts";
import { findPaid } from "./find-paid.ts";
import { isNullAnswer, quantityOf, resultOf, unavailable } from "./read-answers.ts";
import type { InstanceReads } from "./read-block-logs.ts";
import type { Rpc } from "./rpc.ts";
import { isBlacklisted } from "./token-calls.ts";
import { watchHeads, type HeadWatchOptions } from "./watch-heads.ts";

/** A block that one node announced reaches its neighbours within some milliseconds; worth waiting for before giving up. */
const LAG_RETRIES = 5;
const LAG_PAUSE_MS = 40;

/** The port's adapter: `PaymentError` CHAIN_UNAVAILABLE or CHAIN_BLOCK_UNKNOWN (both retry) where it could not ask. */
export function createChainReader(reads: InstanceReads, heads: HeadWatchOptions = {}): ChainReader {
  const { rpc } = reads;
  const blocks = createBlockSource(reads);
  const header = (number: bigint) => patiently(() => blocks.header(number));
  return {
    async chainId() {
      const [answer] = await rpc.ask([{ method: "eth_chainId", params: [] }]);
      return Number(quantityOf(answer));
    },
    async headNumber() {
      const [answer] = await rpc.ask([{ method: "eth_blockNumber", params: [] }]);
      const number = quantityOf(answer);
      blocks.prime(number);
      return number;
    },
    header,
    payOnceLogs: (of) => patiently(() => blocks.logs(of)),
    nonceAt: (operator, number) => patiently(() => blocks.nonceAt(operator, number)),
    receiptOf: (txHash) => readVerdict(rpc, txHash, blocks.newest()),
    findPaid: (ref, upTo) => findPaid(reads, header, ref, upTo),
    isBlocked: (token, account) => readBlocked(rpc, token, account),
    watchHeads(onHead, signal) {
      const onNews = (number: bigint, head?: Parameters<typeof blocks.prime>[1]) => {
        blocks.prime(number, head);
        onHead(number);
      };
      watchHeads({ rpc, ...heads }, onNews, signal);
    },
  };
}

async function patiently<T>(read: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await read();
    } catch (error) {
      const lags = error instanceof PaymentError && error.code === "CHAIN_BLOCK_UNKNOWN";
      if (!lags || retry === LAG_RETRIES) throw error;
      await delay(LAG_PAUSE_MS);
    }
  }
}

const receipt = z.object({ status: z.enum(["0x0", "0x1"]) });

/** "No receipt" counts only from a node that has all blocks that this process knows of. */
async function readVerdict(rpc: Rpc, txHash: string, newest: bigint): Promise<ReceiptVerdict> {
  const calls = [
    { method: "eth_getTransactionReceipt", params: [txHash] },
    { method: "eth_blockNumber", params: [] },
  ];
  const [answer, number] = await rpc.ask(calls, {
    isUsable: ([first, second]) =>
      !isNullAnswer(first) ||
      (second !== undefined && "result" in second && quantityOf(second) >= newest),
  });
  const result = resultOf(answer);
  if (result === null) {
    if (quantityOf(number) >= newest) return "unknown";
    throw new PaymentError(
      "CHAIN_BLOCK_UNKNOWN",
      "retry",
      "the node lags: no receipt proves nothing",
    );
  }
  const read = receipt.safeParse(result);
  if (!read.success) throw unavailable("the node's receipt has not the shape of a receipt");
  return read.data.status === "0x1" ? "success" : "reverted";
}

async function readBlocked(rpc: Rpc, token: string, account: string): Promise<boolean> {
  const read = isBlacklisted(token, account);
  const [answer] = await rpc.ask([read.call]);
  return read.valueIn(answer);
}
