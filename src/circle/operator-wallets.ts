import { HttpResponseError } from "@circle-fin/developer-controlled-wallets";
import { PaymentError } from "../errors.ts";
import type { CircleClient } from "./client.ts";
import { translateReadError } from "./translate-error.ts";

export interface OperatorWallet {
  readonly walletId: string;
  /** Lower-case. */
  readonly address: string;
}

/**
 * Looks the operator wallets up and refuses those that cannot send: another chain, an SCA (whose queue is one), or a
 * frozen one. Throws `PaymentError`: DEPLOYMENT_MISMATCH (reject), CIRCLE_UNAVAILABLE or CIRCLE_THROTTLED (both retry).
 */
export async function readOperatorWallets(
  client: CircleClient,
  walletIds: readonly string[],
  blockchain: string,
  signal: AbortSignal,
): Promise<OperatorWallet[]> {
  const wallets: OperatorWallet[] = [];
  for (const walletId of walletIds) {
    const wallet = await readWallet(client, walletId, signal);
    if (!wallet) throw mismatch(walletId, "does not exist");
    if (wallet.blockchain !== blockchain) {
      throw mismatch(walletId, `is on ${wallet.blockchain}, not on ${blockchain}`);
    }
    if (wallet.state !== "LIVE") throw mismatch(walletId, `is ${wallet.state}`);
    if ("accountType" in wallet && wallet.accountType !== "EOA") {
      throw mismatch(
        walletId,
        "is not an EOA wallet: Circle queues only one transaction of an SCA",
      );
    }
    wallets.push({ walletId, address: wallet.address.toLowerCase() });
  }
  return wallets;
}

async function readWallet(client: CircleClient, walletId: string, signal: AbortSignal) {
  try {
    const { data } = await client.call((sdk) => sdk.getWallet({ id: walletId }), signal);
    return data?.wallet;
  } catch (error) {
    const status = error instanceof HttpResponseError ? error.status : undefined;
    // 400: what is no UUID.
    if (status === 404 || status === 400) return undefined;
    throw translateReadError(error);
  }
}

function mismatch(walletId: string, why: string): PaymentError {
  return new PaymentError(
    "DEPLOYMENT_MISMATCH",
    "reject",
    `Circle's wallet ${walletId} ${why}: correct CIRCLE_OPERATOR_WALLET_IDS.`,
  );
}
