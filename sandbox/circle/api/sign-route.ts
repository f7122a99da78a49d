import { isHex, keccak256, parseTransaction, type Hex, type TransactionSerializable } from "viem";
import { z } from "zod";
import type { Wallet, WalletStore } from "../wallets/wallet-store.ts";
import { circleError } from "./circle-error.ts";
import { walletOf } from "./named-things.ts";
import type { EntitySecretCheck } from "./entity-secret.ts";
import { address, parse, signed, uuid } from "./parse.ts";
import type { ApiRequest, Route } from "./route.ts";

const signBody = z.object({
  entitySecretCiphertext: signed.entitySecretCiphertext,
  walletId: uuid.optional(),
  walletAddress: address.optional(),
  blockchain: z.string().optional(),
  rawTransaction: z.string().optional(),
  transaction: z.string().optional(),
});

interface SignDeps {
  readonly chainId: number;
  readonly wallets: WalletStore;
  readonly secret: EntitySecretCheck;
}

/** Signs a transaction that the caller built, nonce included; nothing is sent. Without an idempotency key, as at Circle. */
export function signRoute(deps: SignDeps): Route {
  return {
    method: "POST",
    template: "/v1/w3s/developer/sign/transaction",
    fast: true,
    handle: (request) => signTransaction(deps, request),
  };
}

async function signTransaction({ chainId, wallets, secret }: SignDeps, request: ApiRequest) {
  const body = parse(signBody, request.body, "body");
  secret.accept(body.entitySecretCiphertext);
  const wallet = walletOf(wallets, body);
  const transaction = transactionOf(body);
  if (transaction.chainId !== chainId) throw circleError(155807);
  return { status: 200, data: await signatureOf(wallet, transaction) };
}

async function signatureOf({ account }: Wallet, transaction: TransactionSerializable) {
  const signedTransaction = await account.signTransaction(transaction);
  const { r = "0x", s = "0x", yParity = 0 } = parseTransaction(signedTransaction);
  const signature = `${r}${s.slice(2)}${yParity === 0 ? "1b" : "1c"}`;
  return { signature, signedTransaction, txHash: keccak256(signedTransaction) };
}

function transactionOf({
  rawTransaction,
  transaction,
}: z.infer<typeof signBody>): TransactionSerializable {
  try {
    if (isHex(rawTransaction)) return parseTransaction(rawTransaction);
    return fromJson(JSON.parse(transaction ?? "") as Record<string, string | number>);
  } catch {
    throw circleError(155801);
  }
}

/** JSON has no big integers, so amounts come as strings. */
function fromJson(fields: Record<string, string | number>): TransactionSerializable {
  return {
    type: "eip1559",
    chainId: Number(fields["chainId"]),
    nonce: Number(fields["nonce"]),
    to: fields["to"] as Hex,
    data: (fields["data"] ?? "0x") as Hex,
    value: BigInt(fields["value"] ?? 0),
    gas: BigInt(fields["gas"] ?? fields["gasLimit"] ?? 0),
    maxFeePerGas: BigInt(fields["maxFeePerGas"] ?? 0),
    maxPriorityFeePerGas: BigInt(fields["maxPriorityFeePerGas"] ?? 0),
  };
}
