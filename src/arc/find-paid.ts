import { numberToHex } from "viem";
import { z } from "zod";
import { PaymentError } from "../errors.ts";
import type { BlockHeader, FoundPaid } from "../payment/pay-once-log.ts";
import { quantityOf, resultOf, unavailable } from "./read-answers.ts";
import { readBlockLogs, type InstanceReads } from "./read-block-logs.ts";
import { OWNERSHIP_TOPIC, PAID_TOPIC } from "./read-logs.ts";

/** Nodes hang on wider ranges instead of refusing them. */
const RANGE_BLOCKS = 10_000n;
const RANGES_PER_REQUEST = 8;

const NOBODY = `0x${"0".repeat(64)}`;

const found = z.array(
  z.object({
    blockNumber: z.string(),
    topics: z.array(z.string()).min(1),
    transactionHash: z.string(),
  }),
);

/**
 * Our `Paid` of a ref at or below a height, searched backwards as far as the instance's own deployment, whose first log the
 * same filter finds. `headerOf` reads a header by number.
 */
export async function findPaid(
  reads: InstanceReads,
  headerOf: (number: bigint) => Promise<BlockHeader>,
  ref: string,
  upTo: bigint,
): Promise<FoundPaid | undefined> {
  for (let to = upTo; to >= 0n; to -= RANGE_BLOCKS * BigInt(RANGES_PER_REQUEST)) {
    const logs = await filterBackwards(reads, ref, to, upTo);
    const paid = logs.findLast(({ topics }) => topics[0] === PAID_TOPIC);
    if (paid) return paidIn(reads, await headerOf(BigInt(paid.blockNumber)), ref);
    if (logs.some(({ topics }) => topics[0] === OWNERSHIP_TOPIC)) return undefined;
  }
  return undefined;
}

async function filterBackwards(
  { rpc, payOnce }: InstanceReads,
  ref: string,
  to: bigint,
  upTo: bigint,
): Promise<z.infer<typeof found>> {
  const ends = Array.from({ length: RANGES_PER_REQUEST }, (_, i) => to - RANGE_BLOCKS * BigInt(i))
    .filter((end) => end >= 0n)
    .toReversed();
  const calls = ends.map((end) => ({
    method: "eth_getLogs",
    params: [
      {
        address: payOnce,
        topics: [
          [PAID_TOPIC, OWNERSHIP_TOPIC],
          [ref, NOBODY],
        ],
        fromBlock: numberToHex(end >= RANGE_BLOCKS ? end - RANGE_BLOCKS + 1n : 0n),
        toBlock: numberToHex(end),
      },
    ],
  }));
  const [newest, ...answers] = await rpc.ask([{ method: "eth_blockNumber", params: [] }, ...calls]);
  if (quantityOf(newest) < upTo) {
    throw new PaymentError(
      "CHAIN_BLOCK_UNKNOWN",
      "retry",
      `the node has not got block ${upTo} yet`,
    );
  }
  return answers.flatMap((answer) => {
    const logs = found.safeParse(resultOf(answer));
    if (!logs.success) throw unavailable("the node's logs have not the shape of logs");
    return logs.data;
  });
}

async function paidIn(
  reads: InstanceReads,
  header: BlockHeader,
  ref: string,
): Promise<FoundPaid | undefined> {
  const [logs = []] = await readBlockLogs(reads, [header]);
  const log = logs.find((log) => log.kind === "paid" && log.ref === ref);
  return log?.kind === "paid" ? { header, log } : undefined;
}
