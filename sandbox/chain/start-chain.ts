import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { onFreePort } from "../process/free-port.ts";
import { restartable, type Restartable } from "../process/restartable.ts";
import { scratchDirectory } from "../process/scratch-directory.ts";
import { ARC_CHAIN_ID, TOKENS } from "./arc-chain.ts";
import { chainControls, type ChainControls } from "./chain-controls.ts";
import { BASE_FEE_GWEI, PAUSED } from "./dials.ts";
import { placeTokens } from "./place-tokens.ts";
import { runAnvil, type RunOptions } from "./run-anvil.ts";
import { anvilClient, transactor } from "./transact.ts";

/** Anvil's first development account: public, and rich from the first block. */
const ADMIN_KEY: Hex = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

export interface ChainOptions extends RunOptions {
  /** A free one unless given. */
  readonly port?: number;
}

/** An emulated Arc. How it differs from the real one: DIFFERENCES.md. */
export interface Chain extends ChainControls, AsyncDisposable {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly chainId: typeof ARC_CHAIN_ID;
  readonly tokens: typeof TOKENS;
  /** Owns the tokens; an ordinary funded account otherwise. */
  readonly admin: { readonly address: Address; readonly privateKey: Hex };
  /** Anvil itself: a tidy `down` keeps the chain for the next `up`, a SIGKILL loses it. */
  readonly server: Restartable;
  /** No block after the one in the making, until told otherwise: a chain that answers and does not move. */
  pauseBlocks(): void;
  resumeBlocks(): void;
  /** Of the next block and all after it, in whole gwei; undefined: Arc's floor. */
  setBaseFee(gwei: number | undefined): void;
  stop(): Promise<void>;
}

/** Starts anvil as Arc: chain id, block time, gas, and USDC and EURC at their addresses. Resolves when all is in place. */
export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const scratch = await scratchDirectory("chain");
  const dials = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const start = async (port: number) => {
    const place = { port, scratch, dials };
    return { port, server: await restartable(() => runAnvil(place, options)) };
  };
  try {
    const { port, server } = await (options.port === undefined
      ? onFreePort(start)
      : start(options.port));
    const stop = async () => {
      await server.down("SIGKILL");
      await scratch.remove();
    };
    try {
      return {
        ...(await furnish(port, options)),
        server,
        pauseBlocks: () => void Atomics.store(dials, PAUSED, 1),
        resumeBlocks: () => void Atomics.store(dials, PAUSED, 0),
        setBaseFee: (gwei) => void Atomics.store(dials, BASE_FEE_GWEI, gwei ?? 0),
        stop,
        [Symbol.asyncDispose]: stop,
      };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

async function furnish(port: number, options: ChainOptions) {
  const rpcUrl = `http://127.0.0.1:${port}`;
  const client = anvilClient(rpcUrl);
  const admin = { address: privateKeyToAccount(ADMIN_KEY).address, privateKey: ADMIN_KEY };
  await placeTokens(client, admin.address);
  const transact = transactor(rpcUrl, client, options.blockTimeMs !== null);
  return {
    rpcUrl,
    wsUrl: `ws://127.0.0.1:${port}`,
    chainId: ARC_CHAIN_ID,
    tokens: TOKENS,
    admin,
    ...chainControls({ client, transact, adminKey: ADMIN_KEY }),
  } as const;
}
