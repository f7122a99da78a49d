import { keccak256, pad, toHex, type Address, type Hex, type TestClient } from "viem";

import { SYSTEM_EMITTER, TOKENS } from "./arc-chain.ts";
import proxy from "./tokens/ERC1967Proxy.json" with { type: "json" };
import eurc from "./tokens/Eurc.json" with { type: "json" };
import systemEmitter from "./tokens/SystemEmitter.json" with { type: "json" };
import usdc from "./tokens/Usdc.json" with { type: "json" };

const OWNER_SLOT = toHex(0, { size: 32 });
/** ERC-1967: keccak256("eip1967.proxy.implementation") - 1. */
const IMPLEMENTATION_SLOT = toHex(BigInt(keccak256(toHex("eip1967.proxy.implementation"))) - 1n, {
  size: 32,
});

const IMPLEMENTATIONS = {
  USDC: { address: "0x3600000000000000000000000000000000000a00", code: usdc.deployedBytecode },
  EURC: { address: "0x3600000000000000000000000000000000000a01", code: eurc.deployedBytecode },
} as const;

/**
 * Puts the tokens where Arc has them, behind proxies as there, which is a good part of their gas. No constructor runs, so
 * owner and implementation are written into storage.
 */
export async function placeTokens(anvil: TestClient, owner: Address): Promise<void> {
  const place = (address: Address, code: string) =>
    anvil.setCode({ address, bytecode: code as Hex });
  await place(SYSTEM_EMITTER, systemEmitter.deployedBytecode);
  for (const token of ["USDC", "EURC"] as const) {
    const { address: implementation, code } = IMPLEMENTATIONS[token];
    const address = TOKENS[token];
    await place(implementation, code);
    await place(address, proxy.deployedBytecode);
    await anvil.setStorageAt({ address, index: IMPLEMENTATION_SLOT, value: pad(implementation) });
    await anvil.setStorageAt({ address, index: OWNER_SLOT, value: pad(owner) });
  }
}
