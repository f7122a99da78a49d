/** The chain of docker-compose.yml: Arc as the sandbox emulates it, with PayOnce, its operators and two treasuries. */
import { writeFile } from "node:fs/promises";
import type { Hex } from "viem";

import { startChain } from "../chain/start-chain.ts";
import { furnishChain, walletOf } from "../furnish.ts";
import { setting } from "./setting.ts";

const PORT = 8545;
/** What the health check looks for: an open port says nothing of the contracts. */
const READY_FILE = "/tmp/arc-is-ready";

const chain = await startChain({ host: "0.0.0.0", port: PORT });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void chain.stop());

const payOnce = await furnishChain(chain, {
  operators: keys("OPERATOR_PRIVATE_KEYS").map((key) => walletOf(key).address),
  treasuries: keys("TREASURY_PRIVATE_KEYS").map(walletOf),
});
const expected = setting("PAY_ONCE_ADDRESS");
if (payOnce.toLowerCase() !== expected.toLowerCase()) {
  await chain.stop();
  throw new Error(`PayOnce was deployed at ${payOnce}; the compose file says ${expected}.`);
}
await writeFile(READY_FILE, payOnce);
process.stdout.write(`Arc is ready; PayOnce is ${payOnce}.\n`);

function keys(name: string): Hex[] {
  return setting(name).split(",") as Hex[];
}
