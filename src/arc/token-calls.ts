import { decodeFunctionResult, encodeFunctionData, parseAbi, type Address, type Hex } from "viem";
import { hexOf, unavailable } from "./read-answers.ts";
import type { RpcAnswer, RpcCall } from "./rpc.ts";

const abi = parseAbi([
  "function balanceOf(address account) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function isBlacklisted(address account) view returns (bool)",
  "function decimals() view returns (uint8)",
  "function symbol() view returns (string)",
]);

/** A read of a token: the call, and what its answer means. `valueIn` throws `PaymentError` (retry) for no usable answer. */
export interface TokenRead<T> {
  readonly call: RpcCall;
  readonly valueIn: (answer: RpcAnswer | undefined) => T;
}

export function balanceOf(token: string, account: string): TokenRead<bigint> {
  const functionName = "balanceOf";
  const data = encodeFunctionData({ abi, functionName, args: [account as Address] });
  return tokenRead(token, data, (data) => decodeFunctionResult({ abi, functionName, data }));
}

export function allowance(token: string, owner: string, spender: string): TokenRead<bigint> {
  const functionName = "allowance";
  const args = [owner as Address, spender as Address] as const;
  const data = encodeFunctionData({ abi, functionName, args });
  return tokenRead(token, data, (data) => decodeFunctionResult({ abi, functionName, data }));
}

/** False for a token without a blocklist: such a call reverts, or answers nothing. */
export function isBlacklisted(token: string, account: string): TokenRead<boolean> {
  const functionName = "isBlacklisted";
  const data = encodeFunctionData({ abi, functionName, args: [account as Address] });
  const read = tokenRead(
    token,
    data,
    (data) => data !== "0x" && decodeFunctionResult({ abi, functionName, data }),
  );
  return {
    call: read.call,
    valueIn(answer) {
      return !isRevert(answer) && read.valueIn(answer);
    },
  };
}

export function decimals(token: string): TokenRead<number> {
  const functionName = "decimals";
  const data = encodeFunctionData({ abi, functionName });
  return tokenRead(token, data, (data) => decodeFunctionResult({ abi, functionName, data }));
}

export function symbol(token: string): TokenRead<string> {
  const functionName = "symbol";
  const data = encodeFunctionData({ abi, functionName });
  return tokenRead(token, data, (data) => decodeFunctionResult({ abi, functionName, data }));
}

/** The contract itself refused, and no node failed. */
export function isRevert(answer: RpcAnswer | undefined): boolean {
  return answer !== undefined && "error" in answer && /revert/i.test(answer.error.message);
}

export function ethCall(to: string, data: Hex): RpcCall {
  return { method: "eth_call", params: [{ to, data }, "latest"] };
}

function tokenRead<T>(token: string, data: Hex, decode: (data: Hex) => T): TokenRead<T> {
  return {
    call: ethCall(token, data),
    valueIn(answer) {
      const result = hexOf(answer);
      try {
        return decode(result);
      } catch {
        throw unavailable(`${token} does not answer as a token does`);
      }
    },
  };
}
