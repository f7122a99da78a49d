import type { Chain } from "../../sandbox/chain/start-chain.ts";
import type { CircleAddress } from "../../sandbox/circle/control/serve-control.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";

/** Where the parts of a sandbox are. */
export interface SandboxAddresses {
  readonly postgresUrl: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly chain: Pick<Chain, "rpcUrl" | "wsUrl" | "chainId" | "tokens" | "admin">;
  readonly circle: CircleAddress;
}

export function addressesOf({
  postgres,
  kafka,
  registry,
  chain,
  circle,
}: Sandbox): SandboxAddresses {
  const { rpcUrl, wsUrl, chainId, tokens, admin } = chain;
  const { baseUrl, controlUrl, apiKey, entitySecret, walletSetId, operatorWallets } = circle;
  return {
    postgresUrl: postgres.url,
    brokers: kafka.brokers,
    registryUrl: registry.url,
    chain: { rpcUrl, wsUrl, chainId, tokens, admin },
    circle: { baseUrl, controlUrl, apiKey, entitySecret, walletSetId, operatorWallets },
  };
}
