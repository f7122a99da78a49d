import { encodeDeployData, encodeFunctionData, parseAbi, type Address, type Hex } from "viem";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import artifact from "../../contracts/PayOnce.json" with { type: "json" };

const APPROVAL = parseAbi(["function approve(address spender, uint256 value) returns (bool)"]);

/** One transaction of setting a deployment up, for whoever holds the key: this process, Circle, or a person's wallet. */
export interface AdminCall {
  /** Whose key it needs. */
  readonly signer: "admin" | "payer" | "anyone";
  /** Absent: it creates a contract. */
  readonly to?: string;
  readonly data: Hex;
}

/** Deploys an instance whose admin names operators from then on. */
export function deployCall(roles: {
  readonly admin: string;
  readonly operators: readonly string[];
}): AdminCall {
  const args = [roles.admin as Address, roles.operators as readonly Address[]] as const;
  const bytecode = artifact.bytecode as Hex;
  return { signer: "anyone", data: encodeDeployData({ abi: payOnceAbi, bytecode, args }) };
}

export function nameOperatorCall(payOnce: string, operator: string): AdminCall {
  const args = [operator as Address] as const;
  const data = encodeFunctionData({ abi: payOnceAbi, functionName: "nameOperator", args });
  return { signer: "admin", to: payOnce, data };
}

export function revokeOperatorCall(payOnce: string, operator: string): AdminCall {
  const args = [operator as Address] as const;
  const data = encodeFunctionData({ abi: payOnceAbi, functionName: "revokeOperator", args });
  return { signer: "admin", to: payOnce, data };
}

/** Sets (does not add to) what the instance may move of the payer's; in micro-units. It bounds every loss. */
export function approveCall(token: string, payOnce: string, amount: bigint): AdminCall {
  const args = [payOnce as Address, amount] as const;
  const data = encodeFunctionData({ abi: APPROVAL, functionName: "approve", args });
  return { signer: "payer", to: token, data };
}
