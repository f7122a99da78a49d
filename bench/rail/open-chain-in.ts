import { join } from "node:path";
import { openLedger } from "../provider/ledger.ts";
import { openChain, type Chain } from "./chain.ts";

/** The chain whose journal and provider's ledger are in that directory, with the instance of PayOnce that the environment names. */
export async function openChainIn(
  directory: string,
): Promise<{ readonly chain: Chain; readonly payOnce: string }> {
  const payOnce = (process.env["PAY_ONCE_ADDRESS"] ?? "").toLowerCase();
  const chain = await openChain({
    journalPath: join(directory, "chain.jsonl"),
    ledger: openLedger(join(directory, "ledger.jsonl")),
    payOnce,
  });
  return { chain, payOnce };
}
