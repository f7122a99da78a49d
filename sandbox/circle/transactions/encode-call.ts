import {
  encodeFunctionData,
  erc20Abi,
  parseAbiItem,
  parseUnits,
  type AbiFunction,
  type AbiParameter,
  type Address,
  type Hex,
} from "viem";
import { circleError } from "../api/circle-error.ts";
import type { Call } from "../chain/chain-client.ts";
import type { Token } from "../wallets/token-registry.ts";

const NATIVE_DECIMALS = 18;

/** Moves an amount, given as a decimal string, of a token or of the native one. */
export function encodeTransfer(token: Token, to: Address, amountText: string) {
  const amount = amountOf(amountText, token.decimals);
  if (token.address === undefined) {
    return { call: { to, data: "0x", value: amount } satisfies Call, transfer: undefined };
  }
  const data = encodeFunctionData({
    abi: erc20Abi,
    functionName: "transfer",
    args: [to, amount],
  });
  const call: Call = { to: token.address, data, value: 0n };
  return { call, transfer: { token: token.address, amount } };
}

interface Execution {
  readonly contractAddress: Address;
  readonly callData?: Hex | undefined;
  readonly abiFunctionSignature?: string | undefined;
  readonly abiParameters?: readonly unknown[] | undefined;
  readonly amount?: string | undefined;
}

/** A contract call, given as bytes or as a signature with its parameters, never both. */
export function encodeExecution(execution: Execution): Call {
  const { contractAddress, callData, abiFunctionSignature, abiParameters, amount } = execution;
  const isAbi = abiFunctionSignature !== undefined || abiParameters !== undefined;
  if (callData !== undefined && isAbi) throw circleError(155247);
  if (callData === undefined && abiFunctionSignature === undefined) throw circleError(155230);
  const data = callData ?? encodeAbi(abiFunctionSignature ?? "", abiParameters ?? []);
  return { to: contractAddress, data, value: nativeAmount(amount) };
}

function nativeAmount(amount: string | undefined): bigint {
  if (amount === undefined) return 0n;
  if (decimalsIn(amount) > NATIVE_DECIMALS) throw circleError(155245);
  return parseUnits(amount, NATIVE_DECIMALS);
}

function amountOf(text: string, decimals: number): bigint {
  if (!/^\d+(\.\d+)?$/.test(text)) throw circleError(155224);
  if (decimalsIn(text) > decimals) throw circleError(155241);
  const amount = parseUnits(text, decimals);
  if (amount === 0n) throw circleError(155221);
  return amount;
}

function decimalsIn(text: string): number {
  return text.split(".")[1]?.length ?? 0;
}

function encodeAbi(signature: string, parameters: readonly unknown[]): Hex {
  try {
    const item = parseAbiItem(`function ${signature}`) as AbiFunction;
    if (item.inputs.length !== parameters.length) throw circleError(155209);
    const args = item.inputs.map((input, index) => coerce(input, parameters[index]));
    return encodeFunctionData({ abi: [item], args });
  } catch {
    throw circleError(155209);
  }
}

/** JSON has no big integers, so they come as strings. */
function coerce(input: AbiParameter, value: unknown): unknown {
  const element = /^(.*)\[\d*\]$/.exec(input.type)?.[1];
  if (element !== undefined) {
    return (value as unknown[]).map((inner) => coerce({ ...input, type: element }, inner));
  }
  if (input.type === "tuple" && "components" in input) {
    const parts = Array.isArray(value) ? value : Object.values(value as object);
    const coerced = input.components.map((part, index) => coerce(part, parts[index]));
    const isNamed = input.components.every(({ name }) => name !== undefined && name !== "");
    if (!isNamed) return coerced;
    return Object.fromEntries(input.components.map(({ name }, index) => [name, coerced[index]]));
  }
  if (/^u?int/.test(input.type)) return BigInt(value as string | number);
  return input.type === "bool" ? value === true || value === "true" : value;
}
