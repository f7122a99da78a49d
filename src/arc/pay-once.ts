import { encodeFunctionData, type Address, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import type { PayOnceCalls } from "../dispatch/rail.ts";
import { refOf } from "../payment/ids.ts";

/**
 * Gas as measured in batches of 50 on an ordinary ERC-20 (57.7k an item to a fresh address), plus what Arc's own USDC takes
 * more (its transfer costs 51k, and 25k on top to a fresh address), plus a tenth.
 */
const PAY_ITEM_GAS = 92_000n;
const VOID_ITEM_GAS = 32_000n;

/** The transaction itself, the call and its first cold reads. */
const BASE_GAS = 60_000n;

/**
 * PayOnce undoes the batch (`Starved`) if an item fails with less than this left, since its refusal would prove nothing. So
 * without it in hand, one refused item at the end of a batch would stop its neighbours.
 */
const REFUSAL_RESERVE_GAS = 520_000n;

/** After a revert; the answer to a token that became dearer. */
const GENEROSITY = 2n;

/** No transaction may declare more (EIP-7825, part of the Osaka rules that Arc runs). */
const TRANSACTION_GAS_MAX = 16_777_216n;

/** PayOnce's calls, encoded from its ABI. Pure; about 10 µs an item. */
export function createPayOnceCalls(): PayOnceCalls {
  return {
    encodePay(items) {
      const payments = items.map((item) => ({
        id: refOf(item.paymentId),
        generation: item.generation,
        payer: item.payer as Address,
        token: item.token as Address,
        to: item.recipient as Address,
        amount: item.amount,
      }));
      return encodeFunctionData({ abi: payOnceAbi, functionName: "pay", args: [payments] });
    },
    encodeVoid(items): Hex {
      const refs = items.map(({ paymentId, generation }) => ({ id: refOf(paymentId), generation }));
      return encodeFunctionData({ abi: payOnceAbi, functionName: "void", args: [refs] });
    },
    gasLimit(kind, itemCount, generous) {
      const [itemGas, reserve] =
        kind === "pay" ? [PAY_ITEM_GAS, REFUSAL_RESERVE_GAS] : [VOID_ITEM_GAS, 0n];
      const tight = BASE_GAS + reserve + itemGas * BigInt(itemCount);
      const declared = generous ? tight * GENEROSITY : tight;
      return declared < TRANSACTION_GAS_MAX ? declared : TRANSACTION_GAS_MAX;
    },
  };
}
