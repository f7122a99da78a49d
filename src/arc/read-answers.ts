import { z } from "zod";
import { PaymentError } from "../errors.ts";
import type { BlockHeader } from "../payment/pay-once-log.ts";
import type { RpcAnswer } from "./rpc.ts";
import type { NodeError } from "./rpc-trouble.ts";

const hex = z.string().regex(/^0x[0-9a-fA-F]*$/);
const quantity = hex.transform((text, context) => {
  if (text !== "0x") return BigInt(text);
  context.addIssue("an empty quantity");
  return z.NEVER;
});

/** The parts of a block's header that are used. */
export interface Head extends BlockHeader {
  readonly baseFeePerGas: bigint;
}

const header = z
  .object({
    number: quantity,
    hash: hex,
    parentHash: hex,
    timestamp: quantity,
    baseFeePerGas: quantity,
  })
  .transform(({ timestamp, ...rest }): Head => {
    return { ...rest, timestamp: new Date(Number(timestamp) * 1_000) };
  });

const gasLimit = z.object({ gasLimit: quantity });

/** How nodes say that they have not got a block yet. */
const BLOCK_UNKNOWN =
  /unknown block|header not found|block not found|BlockOutOfRange|block \S* ?not found/i;

/** The result of a read, or a throw: CHAIN_BLOCK_UNKNOWN where the node lags, CHAIN_UNAVAILABLE for any other error. */
export function resultOf(answer: RpcAnswer | undefined): unknown {
  if (answer && "result" in answer) return answer.result;
  const error = answer?.error ?? { code: 0, message: "no answer" };
  throw isBlockUnknown(error)
    ? new PaymentError("CHAIN_BLOCK_UNKNOWN", "retry", error.message)
    : unavailable(`the node answered code ${error.code}: ${error.message}`);
}

export function isBlockUnknown(error: NodeError): boolean {
  return BLOCK_UNKNOWN.test(error.message);
}

export function quantityOf(answer: RpcAnswer | undefined): bigint {
  return parsed(quantity, resultOf(answer));
}

/** The hex that an eth_call, eth_getCode or eth_sendRawTransaction gave. */
export function hexOf(answer: RpcAnswer | undefined): `0x${string}` {
  return parsed(hex, resultOf(answer)) as `0x${string}`;
}

export function headOf(answer: RpcAnswer | undefined): Head {
  const block = resultOf(answer);
  if (block === null) throw new PaymentError("CHAIN_BLOCK_UNKNOWN", "retry", "no such block yet");
  return headFrom(block);
}

/** How much gas that block may use. */
export function gasLimitOf(answer: RpcAnswer | undefined): bigint {
  return parsed(gasLimit, resultOf(answer)).gasLimit;
}

/** A header as a node or a subscription gives it. */
export function headFrom(block: unknown): Head {
  return parsed(header, block);
}

export function isNullAnswer(answer: RpcAnswer | undefined): boolean {
  return answer !== undefined && "result" in answer && answer.result === null;
}

export function unavailable(message: string): PaymentError {
  return new PaymentError("CHAIN_UNAVAILABLE", "retry", message);
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  throw unavailable("the node's answer has not the shape of its method");
}
