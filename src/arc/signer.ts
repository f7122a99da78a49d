import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** An EIP-1559 transaction. Fees in wei; on Arc the native coin is USDC with 18 decimals. */
interface UnsignedTransaction {
  readonly chainId: number;
  readonly nonce: bigint;
  /** Absent: a deployment. */
  readonly to?: string;
  readonly data?: Hex;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Whoever holds a key: this process, or a KMS behind the same two members. */
export interface Signer {
  /** Lower-case. */
  readonly address: string;
  /** The signed bytes, ready to be sent. */
  sign(transaction: UnsignedTransaction): Promise<Hex>;
}

/** Signs with a key in this process's memory; about half a millisecond. */
export function localSigner(privateKey: Hex): Signer {
  const account = privateKeyToAccount(privateKey);
  return {
    address: account.address.toLowerCase(),
    sign({ nonce, to, ...rest }) {
      return account.signTransaction({
        ...rest,
        ...(to === undefined ? {} : { to: to as Address }),
        type: "eip1559",
        nonce: Number(nonce),
      });
    },
  };
}
