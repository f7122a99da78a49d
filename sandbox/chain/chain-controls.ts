import { encodeFunctionData, parseAbi, type Address, type Hex } from "viem";

import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import payOnce from "../../contracts/PayOnce.json" with { type: "json" };
import { TOKENS, type TokenName } from "./arc-chain.ts";
import { SANDBOX_FEES, type AnvilClient, type Transact } from "./transact.ts";

const TOKEN_ABI = parseAbi([
  "function mint(address to, uint256 value)",
  "function approve(address spender, uint256 value) returns (bool)",
  "function setBlacklisted(address account, bool blocked)",
]);

/** What an account is given on top of what it has: tokens in micro-units, native coin (for gas) in wei. */
interface Funds {
  readonly usdc?: bigint;
  readonly eurc?: bigint;
  readonly native?: bigint;
}

/** What a test or a demo may do to the world; each resolves when it is mined. */
export interface ChainControls {
  fund(address: Address, funds: Funds): Promise<void>;
  setBlacklisted(token: TokenName, address: Address, blocked: boolean): Promise<void>;
  /** Answers the new instance's address. */
  deployPayOnce(roles: { admin: Address; operators: readonly Address[] }): Promise<Address>;
  /** Sets (does not add to) what `spender` may take from the key's account, in micro-units. */
  approve(privateKey: Hex, token: TokenName, spender: Address, amount: bigint): Promise<void>;
}

interface Deps {
  readonly client: AnvilClient;
  readonly transact: Transact;
  readonly adminKey: Hex;
}

export function chainControls({ client, transact, adminKey }: Deps): ChainControls {
  const call = (privateKey: Hex, token: TokenName, data: Hex) =>
    transact(privateKey, (wallet) =>
      wallet.sendTransaction({ to: TOKENS[token], data, ...SANDBOX_FEES }),
    );
  const mint = async (token: TokenName, to: Address, value = 0n) => {
    if (value === 0n) return;
    await call(
      adminKey,
      token,
      encodeFunctionData({ abi: TOKEN_ABI, functionName: "mint", args: [to, value] }),
    );
  };
  return {
    async fund(address, { usdc, eurc, native = 0n }) {
      if (native > 0n) {
        const value = native + (await client.getBalance({ address }));
        await client.setBalance({ address, value });
      }
      await Promise.all([mint("USDC", address, usdc), mint("EURC", address, eurc)]);
    },
    async setBlacklisted(token, address, blocked) {
      const args = [address, blocked] as const;
      await call(
        adminKey,
        token,
        encodeFunctionData({ abi: TOKEN_ABI, functionName: "setBlacklisted", args }),
      );
    },
    async deployPayOnce({ admin, operators }) {
      const bytecode = payOnce.bytecode as Hex;
      const receipt = await transact(adminKey, (wallet) =>
        wallet.deployContract({
          abi: payOnceAbi,
          bytecode,
          args: [admin, operators],
          ...SANDBOX_FEES,
        }),
      );
      if (!receipt.contractAddress) throw new Error("The deployment of PayOnce made no contract");
      return receipt.contractAddress;
    },
    async approve(privateKey, token, spender, amount) {
      const args = [spender, amount] as const;
      await call(
        privateKey,
        token,
        encodeFunctionData({ abi: TOKEN_ABI, functionName: "approve", args }),
      );
    },
  };
}
