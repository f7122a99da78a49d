import {
  encodeAbiParameters,
  keccak256,
  pad,
  toEventSelector,
  toHex,
  type Address,
  type Hex,
} from "viem";
import type { Chain } from "../../../sandbox/chain/start-chain.ts";
import { askNode } from "./ask-node.ts";

/** Where the sandbox's tokens keep `balanceOf`. */
const BALANCES_SLOT = 2n;
const REFUSED = toEventSelector("Refused(bytes32,uint32,bytes)");

async function ask(
  chain: Pick<Chain, "rpcUrl">,
  method: string,
  ...params: unknown[]
): Promise<unknown> {
  const reply = await askNode(chain.rpcUrl)({ method, params });
  if ("error" in reply) throw new Error(`${method}: ${reply.error.message}`);
  return reply.result;
}

/** Takes an account's native coin away, so that it cannot pay for gas; the answer gives it back. */
export async function drainGas(
  chain: Pick<Chain, "rpcUrl">,
  account: Address,
): Promise<() => Promise<void>> {
  const balance = await ask(chain, "eth_getBalance", account, "latest");
  const set = async (value: unknown) => void (await ask(chain, "anvil_setBalance", account, value));
  await set("0x0");
  return () => set(balance);
}

/**
 * Takes an account's tokens away where they are written down, without a Transfer that an auditor would see; the answer gives
 * them back.
 */
export async function drainTokens(
  chain: Pick<Chain, "rpcUrl">,
  token: Address,
  account: Address,
): Promise<() => Promise<void>> {
  const slot = keccak256(
    encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [account, BALANCES_SLOT]),
  );
  const balance = await ask(chain, "eth_getStorageAt", token, slot, "latest");
  const set = async (value: unknown) =>
    void (await ask(chain, "anvil_setStorageAt", token, slot, value));
  await set(pad(toHex(0n)));
  return () => set(balance);
}

export async function headOf(chain: Pick<Chain, "rpcUrl">): Promise<bigint> {
  return BigInt((await ask(chain, "eth_blockNumber")) as Hex);
}

/** How many items an instance of PayOnce has refused since that block. */
export async function refusals(
  chain: Pick<Chain, "rpcUrl">,
  payOnce: Address,
  fromBlock: bigint,
): Promise<number> {
  const logs = await ask(chain, "eth_getLogs", {
    address: payOnce,
    topics: [REFUSED],
    fromBlock: toHex(fromBlock),
    toBlock: "latest",
  });
  return (logs as readonly unknown[]).length;
}
