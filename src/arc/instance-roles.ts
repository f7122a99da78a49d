import { decodeFunctionResult, encodeFunctionData, toEventSelector, type Address } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { logsBackwards } from "./logs-backwards.ts";
import { hexOf, quantityOf } from "./read-answers.ts";
import { OWNERSHIP_TOPIC } from "./read-logs.ts";
import type { Rpc } from "./rpc.ts";
import { ethCall } from "./token-calls.ts";

const NAMED_TOPIC = toEventSelector("OperatorNamed(address)");
const REVOKED_TOPIC = toEventSelector("OperatorRevoked(address)");

/** Whether the instance lets the address pay and void. */
export async function isOperator(rpc: Rpc, payOnce: string, operator: string): Promise<boolean> {
  const args = [operator as Address] as const;
  const data = encodeFunctionData({ abi: payOnceAbi, functionName: "operators", args });
  const [answer] = await rpc.ask([ethCall(payOnce, data)]);
  return quantityOf(answer) === 1n;
}

/** Who names and revokes operators; lower-case. */
export async function readAdmin(rpc: Rpc, payOnce: string): Promise<string> {
  const functionName = "owner";
  const [answer] = await rpc.ask([
    ethCall(payOnce, encodeFunctionData({ abi: payOnceAbi, functionName })),
  ]);
  const data = hexOf(answer);
  return decodeFunctionResult({ abi: payOnceAbi, functionName, data }).toLowerCase();
}

/** Everyone who may pay and void now, from the instance's own logs; a long history takes a while. */
export async function listOperators(rpc: Rpc, payOnce: string): Promise<readonly string[]> {
  const [head] = await rpc.ask([{ method: "eth_blockNumber", params: [] }]);
  const newestWord = new Map<string, boolean>();
  const topics = [[NAMED_TOPIC, REVOKED_TOPIC, OWNERSHIP_TOPIC]];
  for await (const log of logsBackwards({ rpc, payOnce }, topics, quantityOf(head))) {
    const [event, account = ""] = log.topics;
    if (event === OWNERSHIP_TOPIC) continue;
    const operator = `0x${account.slice(-40).toLowerCase()}`;
    if (!newestWord.has(operator)) newestWord.set(operator, event === NAMED_TOPIC);
  }
  return [...newestWord].filter(([, isNamed]) => isNamed).map(([operator]) => operator);
}
