import {
  createTestClient,
  createWalletClient,
  http,
  publicActions,
  type Chain as ViemChain,
  type Hex,
  type HttpTransport,
  type PublicActions,
  type TestClient,
  type TransactionReceipt,
  type WalletClient,
} from "viem";
import { privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";

import { MIN_BASE_FEE_WEI, arcChain } from "./arc-chain.ts";

const RECEIPT_TIMEOUT_MS = 10_000;
const RECEIPT_POLL_MS = 10;

/** Not asked of the chain: its next base fee may be set while the question is answered. */
export const SANDBOX_FEES = { maxFeePerGas: 5n * MIN_BASE_FEE_WEI, maxPriorityFeePerGas: 0n };

export type AnvilClient = TestClient & PublicActions;

type KeyWallet = WalletClient<HttpTransport, ViemChain, PrivateKeyAccount>;

/** Sends what `send` makes of a wallet of that key, and resolves when it is mined; throws if it reverted. */
export type Transact = (
  privateKey: Hex,
  send: (wallet: KeyWallet) => Promise<Hex>,
) => Promise<TransactionReceipt>;

export function anvilClient(rpcUrl: string): AnvilClient {
  const chain = arcChain(rpcUrl);
  return createTestClient({ mode: "anvil", chain, transport: http(rpcUrl), cacheTime: 0 }).extend(
    publicActions,
  );
}

/**
 * Transactions of the sandbox itself. Each is mined at once, because preparing a world should not wait for blocks, and
 * before the next is sent: while anvil mines, its pending nonce can be one that is just being used.
 */
export function transactor(rpcUrl: string, anvil: AnvilClient, mineAtOnce: boolean): Transact {
  const chain = arcChain(rpcUrl);
  let last: Promise<unknown> = Promise.resolve();
  return (privateKey, send) => {
    const account = privateKeyToAccount(privateKey);
    const wallet = createWalletClient({ account, chain, transport: http(rpcUrl) });
    const mined = last.then(async () => {
      const hash = await send(wallet);
      if (mineAtOnce) {
        await anvil.setNextBlockBaseFeePerGas({ baseFeePerGas: MIN_BASE_FEE_WEI });
        await anvil.mine({ blocks: 1 });
      }
      return receiptOf(anvil, hash);
    });
    last = mined.catch(() => undefined);
    return mined;
  };
}

async function receiptOf(anvil: AnvilClient, hash: Hex): Promise<TransactionReceipt> {
  const receipt = await anvil.waitForTransactionReceipt({
    hash,
    pollingInterval: RECEIPT_POLL_MS,
    timeout: RECEIPT_TIMEOUT_MS,
  });
  if (receipt.status !== "success") throw new Error(`The sandbox's transaction ${hash} reverted`);
  return receipt;
}
