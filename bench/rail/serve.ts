/**
 * `gigpay serve` with a chain in its own process, over the provider's bursts: `node bench/rail/serve.ts DIRECTORY`, with the
 * service's settings in the environment. In the directory are the chain's journal and the provider's ledger; a process
 * that is started again there finds the same chain. All else is the service: its three commits, its lanes, its evidence.
 */
import { join } from "node:path";
import { serve } from "../../src/cli/serve.ts";
import { openLedger } from "../provider/ledger.ts";
import { openChain } from "./chain.ts";
import { serveHeads } from "./heads.ts";
import { createRailRpc } from "./rpc.ts";

const [, , directory = "."] = process.argv;
const payOnce = (process.env["PAY_ONCE_ADDRESS"] ?? "").toLowerCase();
const chain = await openChain({
  journalPath: join(directory, "chain.jsonl"),
  ledger: openLedger(join(directory, "ledger.jsonl")),
  payOnce,
});
const rpc = createRailRpc(chain, payOnce);
process.env["ARC_WS_URL"] = await serveHeads(rpc);
await serve(rpc);
