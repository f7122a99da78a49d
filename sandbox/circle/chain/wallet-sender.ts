import { keccak256, type Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { ChainRefusal, type Call, type ChainClient } from "./chain-client.ts";

/** What a transaction may use and pay, in gas units and wei. */
export interface Gas {
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

export interface SignedTransaction {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly nonce: number;
  readonly gas: Gas;
}

/** Called with the signed bytes before they leave, so that nothing can be mined that is not watched for. */
export type BeforeBroadcast = (signed: SignedTransaction) => Promise<void>;

/** The key and the nonces of one wallet. One signing and sending at a time, so a nonce is used or reused, never skipped. */
export interface WalletSender {
  /** Sends with the next nonce. Throws a ChainRefusal, the nonce unused, if the node will not have it. */
  send(call: Call, gas: Gas, before: BeforeBroadcast): Promise<SignedTransaction>;
  /** Takes the next nonce and signs, but sends nothing: what comes after waits behind it. */
  hold(call: Call, gas: Gas): Promise<SignedTransaction>;
  /** Sends another transaction with a nonce that was given out before. */
  replace(nonce: number, call: Call, gas: Gas, before: BeforeBroadcast): Promise<SignedTransaction>;
}

/** How often a nonce that somebody else used with the same key is replaced by a fresh one. */
const FRESH_NONCES_MAX = 5;

export function createWalletSender(chain: ChainClient, account: PrivateKeyAccount): WalletSender {
  let next: number | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  const takeNonce = async () => (next ??= await chain.nextNonce(account.address));
  const sign = (nonce: number, call: Call, gas: Gas) =>
    signWith(account, chain.chainId, nonce, {
      call,
      gas,
    });

  return {
    send: (call, gas, before) =>
      inTurn(async () => {
        for (let attempt = 1; ; attempt += 1) {
          const signed = await sign(await takeNonce(), call, gas);
          await before(signed);
          const outcome = await broadcast(chain, signed);
          if (outcome === "accepted") {
            next = signed.nonce + 1;
            return signed;
          }
          next = undefined;
          if (attempt === FRESH_NONCES_MAX) throw new ChainRefusal("nonce too low");
        }
      }),
    hold: (call, gas) =>
      inTurn(async () => {
        const signed = await sign(await takeNonce(), call, gas);
        next = signed.nonce + 1;
        return signed;
      }),
    replace: (nonce, call, gas, before) =>
      inTurn(async () => {
        const signed = await sign(nonce, call, gas);
        await before(signed);
        const outcome = await broadcast(chain, signed);
        if (outcome === "nonceUsed") throw new ChainRefusal("nonce too low");
        return signed;
      }),
  };
}

/** Repeating the same bytes is harmless, so a node that already has them, mined or not, has accepted them. */
async function broadcast(
  chain: ChainClient,
  { raw, hash }: SignedTransaction,
): Promise<"accepted" | "nonceUsed"> {
  try {
    await chain.sendRaw(raw);
    return "accepted";
  } catch (error) {
    if (!(error instanceof ChainRefusal)) throw error;
    if (/already (known|imported)/i.test(error.message)) return "accepted";
    if (!/nonce too low/i.test(error.message)) throw error;
    return (await chain.receipt(hash)) === undefined ? "nonceUsed" : "accepted";
  }
}

async function signWith(
  account: PrivateKeyAccount,
  chainId: number,
  nonce: number,
  { call, gas }: { readonly call: Call; readonly gas: Gas },
): Promise<SignedTransaction> {
  const raw = await account.signTransaction({
    type: "eip1559",
    chainId,
    nonce,
    ...call,
    gas: gas.gasLimit,
    maxFeePerGas: gas.maxFeePerGas,
    maxPriorityFeePerGas: gas.maxPriorityFeePerGas,
  });
  return { hash: keccak256(raw), raw, nonce, gas };
}
