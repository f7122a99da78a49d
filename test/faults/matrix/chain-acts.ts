import { setTimeout as delay } from "node:timers/promises";
import { createWalletClient, http, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { arcChain, MIN_BASE_FEE_WEI } from "../../../sandbox/chain/arc-chain.ts";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import { chainControlsAt } from "../../e2e/world-chain.ts";
import { anvilClient } from "../../../sandbox/chain/transact.ts";
import type { Stage } from "./stage.ts";

const POLL_MS = 20;
const PENDING_WITHIN_MS = 20_000;
const SPIKE = 200n;

/** Resolves once so many transactions wait in the node's pool. */
export async function untilPending({ cell }: Stage, count = 1): Promise<void> {
  const client = anvilClient(cell.sandbox.chain.rpcUrl);
  const deadlineMs = Date.now() + PENDING_WITHIN_MS;
  while ((await client.getTxpoolStatus()).pending < count) {
    if (Date.now() > deadlineMs) throw new Error("no transaction came to the pool");
    await delay(POLL_MS);
  }
}

/** The pool forgets what waits in it. */
export async function dropPool({ cell }: Stage): Promise<void> {
  const client = anvilClient(cell.sandbox.chain.rpcUrl);
  await client.request({ method: "anvil_dropAllTransactions", params: undefined } as never);
}

/** One block whose base fee nobody declared. */
export async function spikeBaseFee({ cell }: Stage): Promise<void> {
  const client = anvilClient(cell.sandbox.chain.rpcUrl);
  await client.setNextBlockBaseFeePerGas({ baseFeePerGas: SPIKE * MIN_BASE_FEE_WEI });
  await client.mine({ blocks: 1 });
}

/** Blocks at the usual base fee again, and tokens that transfer: whatever an act before left behind. */
export async function calmChain({ chain }: Sandbox): Promise<void> {
  const client = anvilClient(chain.rpcUrl);
  await client.setNextBlockBaseFeePerGas({ baseFeePerGas: MIN_BASE_FEE_WEI });
  await client.mine({ blocks: 1 });
  await chainControlsAt(chain).setPaused("EURC", false);
}

/** The nonces of what waits in the pool go to something else, as to a send that a zombie had forgotten. */
export async function takeNonces(stage: Stage): Promise<void> {
  const { rpcUrl } = stage.cell.sandbox.chain;
  const client = anvilClient(rpcUrl);
  const waiting = Object.keys((await client.getTxpoolContent()).pending).map((from) =>
    from.toLowerCase(),
  );
  await dropPool(stage);
  const keys = (stage.cell.world.settings["ARC_OPERATOR_PRIVATE_KEYS"] ?? "").split(",") as Hex[];
  for (const account of keys.map((key) => privateKeyToAccount(key))) {
    if (!waiting.includes(account.address.toLowerCase())) continue;
    const wallet = createWalletClient({
      account,
      chain: arcChain(rpcUrl),
      transport: http(rpcUrl),
    });
    await wallet.sendTransaction({
      to: account.address,
      nonce: await client.getTransactionCount({ address: account.address }),
      gas: 100_000n,
      maxFeePerGas: 50n * MIN_BASE_FEE_WEI,
      maxPriorityFeePerGas: MIN_BASE_FEE_WEI,
    });
  }
  await client.mine({ blocks: 1 });
}
