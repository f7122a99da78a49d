import { createRpc, type Rpc } from "../arc/rpc.ts";
import { localSigner } from "../arc/signer.ts";
import { createAccountWallets } from "../circle/account-wallets.ts";
import { createCircleClient } from "../circle/client.ts";
import { readOperatorWallets } from "../circle/operator-wallets.ts";
import { createPacer } from "../circle/pacer.ts";
import type { RailSettings } from "../config.ts";
import { circleBlockchain } from "../lanes.ts";
import { createLog } from "../log.ts";

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
  const client = circleClientOf(rail);
  const wallets = await readOperatorWallets(
    client,
    rail.CIRCLE_OPERATOR_WALLET_IDS,
    circleBlockchain(chainId),
    AbortSignal.timeout(COMMAND_TIMEOUT_MS),
  );
  return wallets.map(({ address }) => address);
}

/** For commands: nobody measures. */
export function circleClientOf(rail: Extract<RailSettings, { rail: "circle" }>) {
  return createCircleClient({
    apiKey: rail.CIRCLE_API_KEY,
    entitySecret: rail.CIRCLE_ENTITY_SECRET,
    baseUrl: rail.CIRCLE_BASE_URL,
  });
}

/** The addresses among these that are wallets of the configured Circle account. */
export async function ownWallets(
  rail: RailSettings,
  chainId: number,
  addresses: readonly string[],
): Promise<ReadonlySet<string>> {
  if (rail.rail !== "circle") return new Set();
  const wallets = createAccountWallets({
    client: circleClientOf(rail),
    gets: createPacer(rail.CIRCLE_GETS_PER_SECOND),
    log: createLog({ level: "silent", instanceId: "gigpay" }),
    blockchain: circleBlockchain(chainId),
  });
  const signal = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
  for (const address of addresses) await wallets.find(address, signal);
  return new Set(addresses.filter((address) => wallets.idOf(address) !== undefined));
}
