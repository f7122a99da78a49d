import { parseGwei } from "viem";
import { z } from "zod";
import { FEE_LEVELS } from "../chain/fees.ts";
import type { FeeChoice } from "../transactions/transaction.ts";
import { circleError } from "./circle-error.ts";
import { address, signed, uuid } from "./parse.ts";

const decimal = z.string().regex(/^\d+(\.\d+)?$/, "must be a decimal number");
const hexData = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/, "must be even-length hex with 0x")
  .transform((text) => text as `0x${string}`);

const source = {
  walletId: uuid.optional(),
  walletAddress: address.optional(),
  blockchain: z.string().optional(),
};
const fee = {
  feeLevel: z.enum(FEE_LEVELS).optional(),
  gasLimit: decimal.optional(),
  gasPrice: decimal.optional(),
  maxFee: decimal.optional(),
  priorityFee: decimal.optional(),
};
const token = { tokenId: uuid.optional(), tokenAddress: z.string().optional() };
const execution = {
  contractAddress: address,
  callData: hexData.optional(),
  abiFunctionSignature: z.string().optional(),
  abiParameters: z.array(z.unknown()).optional(),
  amount: decimal.optional(),
};
const refId = z.string().max(255).optional();

/** POST …/transactions/transfer. A wrong destination has a code of its own, so it is any string here. */
export const transferBody = z.object({
  ...signed,
  ...source,
  ...fee,
  ...token,
  amounts: z.array(z.string()).min(1),
  destinationAddress: z.string().min(1),
  refId,
});

/** POST …/transactions/contractExecution */
export const executionBody = z.object({ ...signed, ...source, ...fee, ...execution, refId });

/** The two fee estimates: unsigned, with a source instead of a wallet address. */
const estimateSource = {
  walletId: uuid.optional(),
  sourceAddress: address.optional(),
  blockchain: z.string().optional(),
};
export const estimateTransferBody = z.object({
  ...estimateSource,
  ...token,
  amounts: z.array(z.string()).min(1),
  destinationAddress: z.string().min(1),
});
export const estimateExecutionBody = z.object({ ...estimateSource, ...execution });

export type TransferBody = z.infer<typeof transferBody>;
export type ExecutionBody = z.infer<typeof executionBody>;
export type FeeBody = Pick<TransferBody, keyof typeof fee>;

/** Circle's rules on which fee fields go together, each with its code. */
export function feeOf(body: FeeBody): FeeChoice {
  const { feeLevel, gasLimit, gasPrice, maxFee, priorityFee } = body;
  const hasPrice = maxFee !== undefined || priorityFee !== undefined || gasPrice !== undefined;
  if (feeLevel !== undefined) {
    if (hasPrice) throw circleError(155236);
    return {
      type: "level",
      level: feeLevel,
      gasLimit: gasLimit === undefined ? undefined : BigInt(gasLimit),
    };
  }
  if (gasLimit === undefined) throw circleError(155231);
  if (gasPrice !== undefined) throw circleError(155236);
  if (maxFee === undefined || priorityFee === undefined) throw circleError(155235);
  const maxFeePerGas = parseGwei(maxFee);
  const maxPriorityFeePerGas = parseGwei(priorityFee);
  if (maxPriorityFeePerGas > maxFeePerGas) throw circleError(155237);
  return {
    type: "absolute",
    gas: { gasLimit: BigInt(gasLimit), maxFeePerGas, maxPriorityFeePerGas },
  };
}
