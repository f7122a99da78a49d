import { encodeFunctionData, type Address, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { anvilClient, SANDBOX_FEES, transactor } from "../../sandbox/chain/transact.ts";
import { refOf } from "../../src/payment/ids.ts";
import type { World } from "./world.ts";

const GAS = 500_000n;

/** Calls PayOnce with an operator's key and none of the service's code; answers how the transaction ended. */
export async function payFromOutside(
  { parts, chain }: World,
  privateKey: Hex,
  payment: {
    readonly paymentId: string;
    readonly payer: Address;
    readonly recipient: Address;
    readonly amount: bigint;
  },
): Promise<"success" | "reverted"> {
  const { paymentId, payer, recipient: to, amount } = payment;
  const token = parts.chain.tokens.USDC;
  const item = { id: refOf(paymentId), generation: 1, payer, token, to, amount };
  const data = encodeFunctionData({ abi: payOnceAbi, functionName: "pay", args: [[item]] });
  const transact = transactor(parts.chain.rpcUrl, anvilClient(parts.chain.rpcUrl), true);
  const sent = transact(privateKey, (wallet) =>
    wallet.sendTransaction({ to: chain.payOnce, data, gas: GAS, ...SANDBOX_FEES }),
  );
  return sent.then(
    () => "success",
    (error: unknown) => {
      if (String(error).includes("reverted")) return "reverted";
      throw error;
    },
  );
}

/** How many nonces of a wallet the chain has used. */
export function noncesUsed({ parts }: World, address: Address): Promise<number> {
  return anvilClient(parts.chain.rpcUrl).getTransactionCount({ address });
}
