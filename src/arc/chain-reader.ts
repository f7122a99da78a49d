import { setTimeout as delay } from "node:timers/promises";
import { numberToHex } from "viem";
import { z } from "zod";
import { PaymentError } from "../errors.ts";
import type { ChainReader, Receipt } from "../follow/chain-reader.ts";
import { findPaid } from "./find-paid.ts";
import { findTransaction, type TransactionFinder } from "./find-transaction.ts";
import { createKnownHeads } from "./known-heads.ts";
import {
  headOf,
  isNullAnswer,
  quantityOf,
  resultOf,
  unavailable,
  type Head,
} from "./read-answers.ts";
import { readBlockLogs, type InstanceReads } from "./read-block-logs.ts";
import type { Rpc, RpcAnswer } from "./rpc.ts";
import { isBlacklisted } from "./token-calls.ts";
import { watchHeads, type HeadWatchOptions } from "./watch-heads.ts";

/** A block that one node announced reaches its neighbours within some milliseconds; worth waiting for before giving up. */
const LAG_RETRIES = 5;
const LAG_PAUSE_MS = 40;

/** The port's adapter: `PaymentError` CHAIN_UNAVAILABLE or CHAIN_BLOCK_UNKNOWN (both retry) where it could not ask. */
export function createChainReader(
  reads: InstanceReads,
  options: HeadWatchOptions = {},
): ChainReader & TransactionFinder {
  const { rpc } = reads;
  const heads = createKnownHeads();
  const header = async (number: bigint) => {
    const found = heads.take(number) ?? (await patiently(() => readHeader(rpc, number)));
    heads.note(number);
    return found;
  };
  return {
    header,
    async chainId() {
      const [answer] = await rpc.ask([{ method: "eth_chainId", params: [] }]);
      return Number(quantityOf(answer));
    },
    async headNumber() {
      const [answer] = await rpc.ask([{ method: "eth_blockNumber", params: [] }]);
      const number = quantityOf(answer);
      heads.note(number);
      return number;
    },
    payOnceLogs: (of) => patiently(() => readBlockLogs(reads, of)),
    nonceAt: (operator, number) => patiently(() => readNonce(rpc, operator, number)),
    receiptOf: (txHash) => readReceipt(rpc, txHash, heads.newest()),
    findPaid: (ref, upTo) => findPaid(reads, header, ref, upTo),
    findTransaction: (txHash) => findTransaction(reads, header, txHash),
    async isBlocked(token, account) {
      const read = isBlacklisted(token, account);
      const [answer] = await rpc.ask([read.call]);
      return read.valueIn(answer);
    },
    watchHeads(onHead, signal) {
      const onNews = (number: bigint, head?: Head) => {
        heads.note(number, head);
        onHead(number);
      };
      watchHeads({ rpc, ...options }, onNews, signal);
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

async function readHeader(rpc: Rpc, number: bigint): Promise<Head> {
  const params = [numberToHex(number), false];
  const [answer] = await rpc.ask([{ method: "eth_getBlockByNumber", params }], {
    isUsable: ([block]) => !isNullAnswer(block),
  });
  return headOf(answer);
}

/** Throws where the node no longer has that block's state: a count of another block would be another answer. */
async function readNonce(rpc: Rpc, operator: string, number: bigint): Promise<bigint> {
  const params = [operator, numberToHex(number)];
  const [answer] = await rpc.ask([{ method: "eth_getTransactionCount", params }], {
    isUsable: ([count]) => count !== undefined && "result" in count,
  });
  return quantityOf(answer);
}

const receipt = z.object({
  status: z.enum(["0x0", "0x1"]),
  blockNumber: z.templateLiteral(["0x", z.string()]),
});

/** "No receipt" counts only from a node that has all blocks that this process knows of. */
async function readReceipt(rpc: Rpc, txHash: string, newest: bigint): Promise<Receipt | undefined> {
  const calls = [
    { method: "eth_getTransactionReceipt", params: [txHash] },
    { method: "eth_blockNumber", params: [] },
  ];
  const hasAll = (number: RpcAnswer | undefined) =>
    number !== undefined && "result" in number && quantityOf(number) >= newest;
  const [answer, number] = await rpc.ask(calls, {
    isUsable: ([first, second]) => !isNullAnswer(first) || hasAll(second),
  });
  const result = resultOf(answer);
  if (result === null) {
    if (hasAll(number)) return undefined;
    throw new PaymentError("CHAIN_BLOCK_UNKNOWN", "retry", "no receipt, but the node lags");
  }
  const read = receipt.safeParse(result);
  if (!read.success) throw unavailable("the node's receipt has not the shape of a receipt");
  const { status, blockNumber } = read.data;
  return { outcome: status === "0x1" ? "success" : "reverted", blockNumber: BigInt(blockNumber) };
}
