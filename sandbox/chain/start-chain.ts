import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { onFreePort } from "../process/free-port.ts";
import { spawnPart, type Part } from "../process/spawn-part.ts";
import { anvilArguments, type AnvilOptions } from "./anvil-arguments.ts";
import { anvilBinary } from "./anvil-binary.ts";
import { ARC_CHAIN_ID, TOKENS } from "./arc-chain.ts";
import { chainControls, type ChainControls } from "./chain-controls.ts";
import { holdBaseFee } from "./hold-base-fee.ts";
import { placeTokens } from "./place-tokens.ts";
import { anvilClient, transactor } from "./transact.ts";

const READY_TIMEOUT_MS = 10_000;

/** Anvil's first development account: public, and rich from the first block. */
const ADMIN_KEY: Hex = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

export interface ChainOptions extends AnvilOptions {
  /** A free one unless given. */
  readonly port?: number;
  /** Where anvil runs; it keeps nothing there. */
  readonly dir?: string;
  readonly signal?: AbortSignal;
}

/** An emulated Arc. How it differs from the real one: DIFFERENCES.md. */
export interface Chain extends ChainControls, AsyncDisposable {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly chainId: typeof ARC_CHAIN_ID;
  readonly tokens: typeof TOKENS;
  /** Owns the tokens; an ordinary funded account otherwise. */
  readonly admin: { readonly address: Address; readonly privateKey: Hex };
  /** Anvil's own process, to be frozen or killed by a fault test. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts anvil as Arc: chain id, block time, gas, and USDC and EURC at their addresses. Resolves when all is in place. */
export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const { port, anvil } =
    options.port === undefined
      ? await onFreePort((port) => startAnvil(port, options))
      : await startAnvil(options.port, options);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const wsUrl = `ws://127.0.0.1:${port}`;
  try {
    const client = anvilClient(rpcUrl);
    const admin = { address: privateKeyToAccount(ADMIN_KEY).address, privateKey: ADMIN_KEY };
    await placeTokens(client, admin.address);
    const letGo = await holdBaseFee(wsUrl);
    const transact = transactor(rpcUrl, client, options.blockTimeMs !== null);
    const stop = async () => {
      letGo();
      await anvil.stop();
    };
    return {
      rpcUrl,
      wsUrl,
      chainId: ARC_CHAIN_ID,
      tokens: TOKENS,
      admin,
      pid: anvil.pid,
      ...chainControls({ client, transact, adminKey: ADMIN_KEY }),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await anvil.stop("SIGKILL");
    throw error;
  }
}

async function startAnvil(
  port: number,
  options: ChainOptions,
): Promise<{ port: number; anvil: Part }> {
  const anvil = await spawnPart({
    name: "anvil",
    command: anvilBinary(),
    args: anvilArguments(port, options),
    ready: { port },
    timeoutMs: READY_TIMEOUT_MS,
    ...(options.dir === undefined ? {} : { cwd: options.dir }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { port, anvil };
}
