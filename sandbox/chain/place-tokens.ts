import { pad, toHex, type Address, type Hex, type TestClient } from "viem";

import { SYSTEM_EMITTER, TOKENS } from "./arc-chain.ts";
import eurc from "./tokens/Eurc.json" with { type: "json" };
import systemEmitter from "./tokens/SystemEmitter.json" with { type: "json" };
import usdc from "./tokens/Usdc.json" with { type: "json" };

const OWNER_SLOT = toHex(0, { size: 32 });

/** Puts the tokens where Arc has them; no constructor runs, so their owner is written into storage. */
export async function placeTokens(anvil: TestClient, owner: Address): Promise<void> {
  const placed: readonly (readonly [Address, string])[] = [
    [TOKENS.USDC, usdc.deployedBytecode],
    [TOKENS.EURC, eurc.deployedBytecode],
    [SYSTEM_EMITTER, systemEmitter.deployedBytecode],
  ];
  await Promise.all(
    placed.map(([address, code]) => anvil.setCode({ address, bytecode: code as Hex })),
  );
  await Promise.all(
    Object.values(TOKENS).map((address) =>
      anvil.setStorageAt({ address, index: OWNER_SLOT, value: pad(owner) }),
    ),
  );
}
