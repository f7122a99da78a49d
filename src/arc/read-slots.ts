import { decodeFunctionResult, encodeFunctionData, numberToHex, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import type { Slot, SlotSource } from "../settlement/verify-slots.ts";
import { hexOf, unavailable } from "./read-answers.ts";
import type { Rpc, RpcAnswer } from "./rpc.ts";

const functionName = "slots";

/** PayOnce's slots at a block, up to a hundred in one request. Throws CHAIN_UNAVAILABLE or CHAIN_BLOCK_UNKNOWN (retry). */
export function createSlotReader(rpc: Rpc, payOnce: string): SlotSource {
  return {
    async slots(refs, blockNumber) {
      const at = numberToHex(blockNumber);
      const calls = refs.map((ref) => {
        const data = encodeFunctionData({ abi: payOnceAbi, functionName, args: [ref as Hex] });
        return { method: "eth_call", params: [{ to: payOnce, data }, at] };
      });
      const answers = await rpc.ask(calls, {
        isUsable: (all) => all.every((answer) => "result" in answer),
      });
      return answers.map(slotOf);
    },
  };
}

function slotOf(answer: RpcAnswer): Slot {
  const data = hexOf(answer);
  try {
    const [paid, floor] = decodeFunctionResult({ abi: payOnceAbi, functionName, data });
    return { paid, floor };
  } catch {
    throw unavailable("PayOnce does not answer as PayOnce does");
  }
}
