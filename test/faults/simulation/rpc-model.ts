import { parseTransaction, serializeTransaction, keccak256, numberToHex, type Hex } from "viem";
import type { Rpc, RpcAnswer, RpcCall } from "../../../src/arc/rpc.ts";
import type { Signer } from "../../../src/arc/signer.ts";
import { PaymentError } from "../../../src/errors.ts";
import type { Chain, ModelBlock } from "./chain-model.ts";
import type { Network } from "./network.ts";
import type { SimProcess } from "./process.ts";
import { word, type ModelLog } from "./raw-logs.ts";

/** What is wrong with the nodes at the moment. */
export interface NodeTroubles {
  /** Blocks by which the answering node is behind. */
  lagBlocks(): number;
  /** Refuses what it is asked too often (-32011). */
  throttles(): boolean;
  /** The operators' wallets cannot pay for gas. */
  operatorsBroke: boolean;
  isFull(): boolean;
}

/** JSON-RPC of the model chain, as one process asks it. */
export function createModelRpc(
  parts: { chain: Chain; network: Network; troubles: NodeTroubles },
  process: SimProcess,
): Rpc {
  const { chain, network, troubles } = parts;
  const unanswered = (words: string, isThrottled = false) =>
    new PaymentError("CHAIN_UNAVAILABLE", "retry", words, { context: { isThrottled } });
  return {
    ask(calls, { signal } = {}) {
      const sends = calls.some(({ method }) => method === "eth_sendRawTransaction");
      const what = sends ? "send to the node" : (calls[0]?.method ?? "nothing");
      return network.call(process, {
        what,
        isWrite: sends,
        signal,
        unanswered: () => unanswered("did not answer in time"),
        effect(): readonly RpcAnswer[] {
          if (troubles.throttles()) throw unanswered("-32011 request limit reached", true);
          const height = chain.blocks.length - 1 - troubles.lagBlocks();
          const view = { chain, troubles, height: BigInt(Math.max(0, height)) };
          return calls.map((call) => answer(view, call));
        },
      });
    },
    distrust: () => undefined,
  };
}

interface View {
  readonly chain: Chain;
  readonly troubles: NodeTroubles;
  /** The newest block that this node has. */
  readonly height: bigint;
}

function answer(view: View, { method, params }: RpcCall): RpcAnswer {
  const [first, second] = params as [string, string | undefined];
  switch (method) {
    case "eth_chainId":
      return { result: "0x4cef52" };
    case "eth_blockNumber":
      return { result: numberToHex(view.height) };
    case "eth_getBlockByNumber":
      return { result: headerAt(view, first) };
    case "eth_getTransactionCount":
      return countAt(view, first, second ?? "latest");
    case "eth_sendRawTransaction":
      return takeRaw(view, first as Hex);
    case "eth_getLogs":
      return logsFor(view, params[0] as LogFilter);
    case "eth_getBlockTransactionCountByHash": {
      const block = known(view, view.chain.blockOf(first));
      return { result: block ? numberToHex(block.transactions.length) : null };
    }
    case "eth_getTransactionReceipt":
      return { result: receiptOf(view, first) };
    case "eth_call":
      return { result: callToken(view, params[0] as { to: string; data: string }) };
    default:
      throw new TypeError(`the model node does not know ${method}`);
  }
}

function known(view: View, block: ModelBlock | undefined): ModelBlock | undefined {
  return block && block.number <= view.height ? block : undefined;
}

function blockAt(view: View, tag: string): ModelBlock | undefined {
  return view.chain.blocks[tag === "latest" ? Number(view.height) : Number(tag)];
}

function headerAt(view: View, tag: string): unknown {
  const block = known(view, blockAt(view, tag));
  if (!block) return null;
  const { number, hash, parentHash, timestampMs } = block;
  return {
    number: numberToHex(number),
    hash,
    parentHash,
    timestamp: numberToHex(Math.floor(timestampMs / 1_000)),
    baseFeePerGas: numberToHex(view.chain.baseFeePerGas),
    gasLimit: numberToHex(30_000_000n),
  };
}

function countAt(view: View, account: string, tag: string): RpcAnswer {
  const block = known(view, blockAt(view, tag));
  if (!block) return { error: { code: -32000, message: "header not found" } };
  return { result: numberToHex(block.counts.get(account.toLowerCase()) ?? 0n) };
}

function takeRaw({ chain, troubles }: View, raw: Hex): RpcAnswer {
  const refusal = (message: string): RpcAnswer => ({ error: { code: -32000, message } });
  if (troubles.operatorsBroke) return refusal("insufficient funds for gas * price + value");
  if (troubles.isFull()) return refusal("txpool is full");
  const parsed = parseTransaction(raw);
  const hash = keccak256(raw);
  const refused = chain.take({
    hash,
    from: senderOf(parsed),
    nonce: BigInt(parsed.nonce ?? 0),
    maxFeePerGas: parsed.maxFeePerGas ?? 0n,
    to: parsed.to?.toLowerCase() ?? "",
    data: parsed.data ?? "0x",
  });
  return refused === undefined ? { result: hash } : refusal(refused);
}

interface LogFilter {
  readonly blockHash?: string;
  readonly fromBlock?: string;
  readonly toBlock?: string;
  readonly address: string;
  readonly topics?: readonly (readonly string[])[];
}

function logsFor(view: View, filter: LogFilter): RpcAnswer {
  const { blockHash, fromBlock = "0x0", toBlock = "0x0" } = filter;
  if (blockHash !== undefined) {
    const block = known(view, view.chain.blockOf(blockHash));
    if (!block) return { error: { code: -32000, message: "unknown block" } };
    return { result: logsIn(block).filter((log) => log.address === filter.address) };
  }
  const blocks = view.chain.blocks.slice(Number(fromBlock), Number(toBlock) + 1);
  const found = blocks.filter((block) => known(view, block)).flatMap(logsIn);
  return { result: found.filter((log) => isWanted(log, filter)) };
}

function isWanted(log: ModelLog, { address, topics = [] }: LogFilter): boolean {
  if (log.address !== address) return false;
  return topics.every((wanted, index) => wanted.includes(log.topics[index] ?? ""));
}

function logsIn(block: ModelBlock) {
  return block.transactions.flatMap(({ hash, logs }) =>
    logs.map((log) => ({
      ...log,
      blockHash: block.hash,
      blockNumber: numberToHex(block.number),
      transactionHash: hash,
    })),
  );
}

function receiptOf(view: View, hash: string): unknown {
  const block = view.chain.blocks.find(({ transactions }) =>
    transactions.some((transaction) => transaction.hash === hash),
  );
  if (!block || !known(view, block)) return null;
  const mined = block.transactions.find((transaction) => transaction.hash === hash);
  const logs = logsIn(block).filter(({ transactionHash }) => transactionHash === hash);
  return { status: mined?.isReverted ? "0x0" : "0x1", logs };
}

const ALLOWANCE = "0xdd62ed3e";
const BALANCE_OF = "0x70a08231";
const IS_BLACKLISTED = "0xfe575a87";

function callToken({ chain: { model } }: View, { data }: { to: string; data: string }): Hex {
  const account: Hex = `0x${data.slice(34, 74)}`;
  switch (data.slice(0, 10)) {
    case BALANCE_OF:
      return word(numberToHex(model.balances.get(account) ?? 0n));
    case ALLOWANCE:
      return word(numberToHex(model.allowances.get(account) ?? 0n));
    case IS_BLACKLISTED:
      return word(model.blocked.has(account) ? "0x1" : "0x0");
    default:
      throw new TypeError(`the model token does not know ${data.slice(0, 10)}`);
  }
}

/**
 * A signer whose signature only says who signed: what a KMS answers is as opaque to the service, and real signatures would
 * cost more than all of the model chain.
 */
export function modelSigner(address: string): Signer {
  return {
    address,
    async sign({ nonce, to, data, ...rest }) {
      return serializeTransaction(
        {
          ...rest,
          type: "eip1559",
          nonce: Number(nonce),
          ...(to === undefined ? {} : { to: to as Hex }),
          ...(data === undefined ? {} : { data }),
        },
        { r: `0x01${"0".repeat(22)}${address.slice(2)}`, s: `0x${"1".repeat(64)}`, yParity: 0 },
      );
    },
  };
}

function senderOf({ r }: { readonly r?: Hex | undefined }): string {
  return `0x${(r ?? "0x").slice(-40)}`;
}
