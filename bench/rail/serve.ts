/**
 * `gigpay serve` with a chain in its own process, over the provider's bursts: `node bench/rail/serve.ts DIRECTORY`, with the
 * service's settings in the environment. In the directory are the chain's journal and the provider's ledger; a process
 * that is started again there finds the same chain. All else is the service: its three commits, its lanes, its evidence.
 */
import { serve } from "../../src/cli/serve.ts";
import { serveHeads } from "./heads.ts";
import { openChainIn } from "./open-chain-in.ts";
import { createRailRpc } from "./rpc.ts";

const [, , directory = "."] = process.argv;
const { chain, payOnce } = await openChainIn(directory);
const rpc = createRailRpc(chain, payOnce);
process.env["ARC_WS_URL"] = await serveHeads(rpc);
await serve(rpc);
