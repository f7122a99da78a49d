import { z } from "zod";
import { PaymentError } from "../errors.ts";
import type { BlockHeader, PayOnceLog } from "../payment/pay-once-log.ts";
import { isBlockUnknown, isNullAnswer, resultOf, unavailable } from "./read-answers.ts";
import { readLogs, type RawLog, type StrayLog } from "./read-logs.ts";
import type { Rpc, RpcAnswer } from "./rpc.ts";

/** A receipt of 100 payments is some 200 kB; more of them in one answer would only make one node's answer late. */
const RECEIPTS_PER_REQUEST = 20;

export interface InstanceReads {
  readonly rpc: Rpc;
  /** The instance, lower-case. */
  readonly payOnce: string;
  readonly onStray: (stray: StrayLog) => void;
}

const rawLog: z.ZodType<RawLog> = z.object({
  address: z.string(),
  topics: z.array(z.string()),
  data: z.string(),
  blockHash: z.string(),
  transactionHash: z.string(),
  logIndex: z.string(),
});
const rawLogs = z.array(rawLog);
const receipt = z.object({ logs: rawLogs });

/**
 * Our instance's logs of exactly this block, in log order. Throws CHAIN_BLOCK_UNKNOWN where no node has the block and all
 * that belongs to it.
 */
export async function readBlockLogs(
  reads: InstanceReads,
  header: BlockHeader,
): Promise<readonly PayOnceLog[]> {
  const ours = await oursOf(reads, header);
  const byTransaction = Map.groupBy(ours, (log) => log.transactionHash);
  const receipts = await receiptsOf(reads.rpc, [...byTransaction.keys()]);
  const logs = [...byTransaction].flatMap(([hash, expected]) =>
    logsOfTransaction(reads, expected, receipts.get(hash) ?? []),
  );
  return logs.sort((a, b) => a.logIndex - b.logIndex);
}

/**
 * Asked by hash, beside the block's transaction count: a node that has not got the block must say so, because some answer
 * an unknown hash with no logs.
 */
async function oursOf(
  { rpc, payOnce }: InstanceReads,
  { hash, number }: BlockHeader,
): Promise<readonly RawLog[]> {
  const calls = [
    { method: "eth_getLogs", params: [{ blockHash: hash, address: payOnce }] },
    { method: "eth_getBlockTransactionCountByHash", params: [hash] },
  ];
  const [found, count] = await rpc.ask(calls, { isUsable: (all) => !all.some(isLagging) });
  if (resultOf(count) === null) {
    throw new PaymentError("CHAIN_BLOCK_UNKNOWN", "retry", `no node has block ${number} yet`);
  }
  const logs = checked(rawLogs, resultOf(found));
  const isForeign = (log: RawLog) =>
    log.blockHash !== hash || log.address.toLowerCase() !== payOnce || log.removed === true;
  if (logs.some(isForeign)) throw unavailable(`block ${number}: the node gave other logs`);
  return logs;
}

async function receiptsOf(
  rpc: Rpc,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, readonly RawLog[]>> {
  const found = new Map<string, readonly RawLog[]>();
  for (let from = 0; from < hashes.length; from += RECEIPTS_PER_REQUEST) {
    const chunk = hashes.slice(from, from + RECEIPTS_PER_REQUEST);
    const calls = chunk.map((hash) => ({ method: "eth_getTransactionReceipt", params: [hash] }));
    const answers = await rpc.ask(calls, { isUsable: (all) => !all.some(isLagging) });
    for (const [index, hash] of chunk.entries()) {
      if (isNullAnswer(answers[index])) {
        throw new PaymentError("CHAIN_BLOCK_UNKNOWN", "retry", `no node has ${hash} yet`);
      }
      found.set(hash, checked(receipt, resultOf(answers[index])).logs);
    }
  }
  return found;
}

/** The receipt must hold the very logs that the block does, or the node contradicts itself and is asked again. */
function logsOfTransaction(
  { payOnce, onStray }: InstanceReads,
  expected: readonly RawLog[],
  all: readonly RawLog[],
): readonly PayOnceLog[] {
  const inReceipt = all.filter((log) => log.address.toLowerCase() === payOnce);
  const agree =
    inReceipt.length === expected.length &&
    inReceipt.every(
      (log, index) =>
        log.logIndex === expected[index]?.logIndex && log.blockHash === expected[index].blockHash,
    );
  if (!agree) throw unavailable("a receipt and its block disagree about our logs");
  const { logs, strays } = readLogs(payOnce, all);
  strays.forEach(onStray);
  return logs;
}

function isLagging(answer: RpcAnswer): boolean {
  return isNullAnswer(answer) || ("error" in answer && isBlockUnknown(answer.error));
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  throw unavailable("the node's logs have not the shape of logs");
}
