import { encodeFunctionData, type Address, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { payGasLimit, voidGasLimit } from "../../contracts/pay-once-gas.ts";
import type { PayOnceCalls } from "../dispatch/rail.ts";
import { refOf } from "../payment/ids.ts";

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
      const tight = kind === "pay" ? payGasLimit(itemCount) : voidGasLimit(itemCount);
      const declared = generous ? tight * GENEROSITY : tight;
      return declared < TRANSACTION_GAS_MAX ? declared : TRANSACTION_GAS_MAX;
    },
  };
}
