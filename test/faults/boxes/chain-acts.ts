import { keccak256, parseTransaction, recoverTransactionAddress, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { ChainAct, RpcCall } from "./chain-rules.ts";

const TRANSFER_GAS = 21_000n;
/** What a node asks of a replacement is less. */
const BUMP = 2n;

/** Answers with the hash of what is sent, and lets the node never see it: gone from the pool. */
export const dropSend: ChainAct = {
  kind: "reply",
  reply: async (call) => ({ result: keccak256(rawOf(call)) }),
};

/** A receipt that is not there yet, of whatever is asked for. */
export const noReceipt: ChainAct = { kind: "reply", reply: async () => ({ result: null }) };

/**
 * Passes a send on, and at once has another transaction of the same nonce take its place in the pool: an empty one, from the
 * same wallet to itself. `onReplaced` is told when the node took that.
 */
export function replaceSend(privateKeys: readonly Hex[], onReplaced: () => void): ChainAct {
  return {
    kind: "reply",
    async reply(call, ask) {
      const reply = await ask(call);
      if ("error" in reply) return reply;
      const taken = await ask({
        method: "eth_sendRawTransaction",
        params: [await rivalOf(rawOf(call), privateKeys)],
      });
      // Refused where a block was faster than we.
      if ("result" in taken) onReplaced();
      return reply;
    },
  };
}

async function rivalOf(raw: Hex, privateKeys: readonly Hex[]): Promise<Hex> {
  const sent = parseTransaction(raw);
  const from = await recoverTransactionAddress({
    serializedTransaction: raw as Parameters<
      typeof recoverTransactionAddress
    >[0]["serializedTransaction"],
  });
  const account = privateKeys
    .map((key) => privateKeyToAccount(key))
    .find((each) => each.address === from);
  if (account === undefined) throw new Error(`nobody gave the key of ${from}`);
  return account.signTransaction({
    type: "eip1559",
    to: from,
    value: 0n,
    gas: TRANSFER_GAS,
    nonce: sent.nonce ?? 0,
    chainId: sent.chainId ?? 0,
    maxFeePerGas: BUMP * (sent.maxFeePerGas ?? 0n),
    maxPriorityFeePerGas: BUMP * (sent.maxPriorityFeePerGas ?? 0n) + 1n,
  });
}

function rawOf({ params }: RpcCall): Hex {
  return params[0] as Hex;
}
