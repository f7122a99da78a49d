import type { BlockHeader, FoundPaid } from "../payment/pay-once-log.ts";
import { logsBackwards, NOBODY } from "./logs-backwards.ts";
import { readBlockLogs, type InstanceReads } from "./read-block-logs.ts";
import { OWNERSHIP_TOPIC, PAID_TOPIC } from "./read-logs.ts";

/**
 * Our `Paid` of a ref at or below a height, searched backwards as far as the instance's deployment. `headerOf` reads a header
 * by number.
 */
export async function findPaid(
  reads: InstanceReads,
  headerOf: (number: bigint) => Promise<BlockHeader>,
  ref: string,
  upTo: bigint,
): Promise<FoundPaid | undefined> {
  const topics = [
    [PAID_TOPIC, OWNERSHIP_TOPIC],
    [ref, NOBODY],
  ];
  for await (const { topics: found, blockNumber } of logsBackwards(reads, topics, upTo)) {
    if (found[0] !== PAID_TOPIC || found[1] !== ref) continue;
    const header = await headerOf(BigInt(blockNumber));
    const logs = await readBlockLogs(reads, header);
    const log = logs.find((log) => log.kind === "paid" && log.ref === ref);
    if (log?.kind === "paid") return { header, log };
  }
  return undefined;
}
