import { numberToHex } from "viem";
import { z } from "zod";
import { PaymentError } from "../errors.ts";
import { quantityOf, resultOf, unavailable } from "./read-answers.ts";
import { OWNERSHIP_TOPIC } from "./read-logs.ts";
import type { Rpc } from "./rpc.ts";

/** Nodes hang on wider ranges instead of refusing them. */
const RANGE_BLOCKS = 10_000n;
const RANGES_PER_REQUEST = 8;
const STRIDE_BLOCKS = RANGE_BLOCKS * BigInt(RANGES_PER_REQUEST);

/** The former owner in the first log of an instance, when its constructor makes the admin its owner. */
export const NOBODY = `0x${"0".repeat(64)}`;

const foundLogs = z.array(
  z.object({ blockNumber: z.string(), topics: z.array(z.string()).min(1) }),
);

export type FoundLog = z.infer<typeof foundLogs>[number];

/**
 * Our instance's logs that match the topics, from `upTo` backwards, newest first, as far as its deployment: whose own log
 * the topics must let through (`OWNERSHIP_TOPIC` from `NOBODY`), or the search goes on to block 0.
 */
export async function* logsBackwards(
  { rpc, payOnce }: { readonly rpc: Rpc; readonly payOnce: string },
  topics: readonly (readonly string[])[],
  upTo: bigint,
): AsyncGenerator<FoundLog> {
  for (let to = upTo; to >= 0n; to -= STRIDE_BLOCKS) {
    const ranges = Array.from(
      { length: RANGES_PER_REQUEST },
      (_, i) => to - RANGE_BLOCKS * BigInt(i),
    )
      .filter((end) => end >= 0n)
      .map((end) => ({
        fromBlock: numberToHex(end >= RANGE_BLOCKS ? end - RANGE_BLOCKS + 1n : 0n),
        toBlock: numberToHex(end),
      }));
    const calls = ranges.map((range) => ({
      method: "eth_getLogs",
      params: [{ address: payOnce, topics, ...range }],
    }));
    const [newest, ...answers] = await rpc.ask([
      { method: "eth_blockNumber", params: [] },
      ...calls,
    ]);
    if (quantityOf(newest) < upTo) {
      throw new PaymentError("CHAIN_BLOCK_UNKNOWN", "retry", `no node has block ${upTo} yet`);
    }
    for (const answer of answers) {
      const logs = foundLogs.safeParse(resultOf(answer));
      if (!logs.success) throw unavailable("the node's logs have not the shape of logs");
      for (const log of logs.data.toReversed()) {
        yield log;
        if (log.topics[0] === OWNERSHIP_TOPIC && log.topics[1] === NOBODY) return;
      }
    }
  }
}
