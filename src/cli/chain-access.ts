import { createRpc, type Rpc } from "../arc/rpc.ts";
import { localSigner } from "../arc/signer.ts";
import { createCircleClient } from "../circle/client.ts";
import { readOperatorWallets } from "../circle/operator-wallets.ts";
import type { RailSettings } from "../config.ts";
import { circleBlockchain } from "../lanes.ts";

/** No command of a person's waits longer than this for one part. */
export const COMMAND_TIMEOUT_MS = 60_000;

export function rpcOf(config: { readonly ARC_RPC_URL: readonly string[] }): Rpc {
  return createRpc({ urls: config.ARC_RPC_URL });
}

/** The addresses that the configured rail sends from, lower-case. Asks Circle for its wallets. */
export async function operatorAddresses(
  rail: RailSettings,
  chainId: number,
): Promise<readonly string[]> {
  if (rail.rail === "arc") {
    return rail.ARC_OPERATOR_PRIVATE_KEYS.map((key) => localSigner(key).address);
  }
  const client = createCircleClient({
    apiKey: rail.CIRCLE_API_KEY,
    entitySecret: rail.CIRCLE_ENTITY_SECRET,
    baseUrl: rail.CIRCLE_BASE_URL,
  });
  const wallets = await readOperatorWallets(
    client,
    rail.CIRCLE_OPERATOR_WALLET_IDS,
    circleBlockchain(chainId),
    AbortSignal.timeout(COMMAND_TIMEOUT_MS),
  );
  return wallets.map(({ address }) => address);
}
