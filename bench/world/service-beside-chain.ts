import { fileURLToPath } from "node:url";
import { z } from "zod";
import { migrateService, startService } from "../../sandbox/demo/service.ts";
import { spawnPart, type Part } from "../../sandbox/process/spawn-part.ts";
import type { Contender } from "../contest/contender.ts";
import { ownSettings } from "../contest/own-service.ts";
import type { ContestWorld } from "../contest/world.ts";

const SERVE_CHAIN = fileURLToPath(new URL("../rail/serve-chain.ts", import.meta.url));
const CHAIN_WITHIN_MS = 30_000;

const urls = z.object({ rpcUrl: z.url(), wsUrl: z.url() });

/** `gigpay serve` itself, over the chain of bench/rail in a process beside it; the service is the first of its parts. */
export function createServiceBesideChain(): Contender {
  const settings = ownSettings();
  return {
    name: "GigStream Payments",
    backlog: 0,
    prepare: async (world) => migrateService(await settings(world)),
    async start(world) {
      const own = await settings(world);
      const { part: chain, ...at } = await startChain(world, own["PAY_ONCE_ADDRESS"] ?? "");
      try {
        const place = { ARC_RPC_URL: at.rpcUrl, ARC_WS_URL: at.wsUrl };
        return [await startService({ ...own, ...place }), chain];
      } catch (error) {
        await chain.stop();
        throw error;
      }
    },
  };
}

async function startChain({ directory }: ContestWorld, payOnce: string) {
  const said = Promise.withResolvers<z.infer<typeof urls>>();
  const part: Part = await spawnPart({
    name: "chain",
    command: process.execPath,
    args: [SERVE_CHAIN, directory],
    env: { PAY_ONCE_ADDRESS: payOnce },
    ready: { line: /"rpcUrl"/ },
    timeoutMs: CHAIN_WITHIN_MS,
    onLine: (line) => {
      if (line.includes('"rpcUrl"')) said.resolve(urls.parse(JSON.parse(line)));
    },
  });
  return { part, ...(await said.promise) };
}
