import { decodeFunctionData, encodeFunctionResult, numberToHex, parseAbi, type Hex } from "viem";
import artifact from "../../contracts/PayOnce.json" with { type: "json" };
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import type { Rpc, RpcAnswer, RpcCall } from "../../src/arc/rpc.ts";
import type { Block, Chain } from "./chain.ts";
import { word } from "./pay-once.ts";

const CHAIN_ID = 5_042_002;
const BASE_FEE = 20_000_000_000n;
/** Room for any batch. */
const GAS_LIMIT = 1_000_000_000n;
/** Nobody's purse runs dry here: what is compared is the bookkeeping. */
const PLENTY = 10n ** 24n;

const abi = [
  ...payOnceAbi,
  ...parseAbi([
    "function balanceOf(address) view returns (uint256)",
    "function allowance(address, address) view returns (uint256)",
    "function isBlacklisted(address) view returns (bool)",
    "function decimals() view returns (uint8)",
    "function symbol() view returns (string)",
  ]),
];

/** JSON-RPC of that chain, answered in this process: the calls that the service makes, and no others. */
export function createRailRpc(chain: Chain, payOnce: string): Rpc {
  return {
    ask: (calls) => Promise.all(calls.map((call) => answer({ chain, payOnce }, call))),
    distrust: () => undefined,
  };
}

interface Node {
  readonly chain: Chain;
  readonly payOnce: string;
}

async function answer(node: Node, { method, params }: RpcCall): Promise<RpcAnswer> {
  const { chain, payOnce } = node;
  const [first, second] = params as [string, string | undefined];
  switch (method) {
    case "eth_chainId":
      return { result: numberToHex(CHAIN_ID) };
    case "eth_blockNumber":
      return { result: numberToHex(chain.headNumber()) };
    case "eth_getBlockByNumber":
      return { result: headerAt(chain, first) };
    case "eth_getTransactionCount":
      return countAt(chain, first, second);
    case "eth_sendRawTransaction":
      return submitted(await chain.take(first as Hex));
    case "eth_getLogs":
      return { result: logsFor(node, params[0] as LogFilter) };
    case "eth_getBlockTransactionCountByHash":
      return { result: transactionCount(chain, first) };
    case "eth_getTransactionReceipt":
      return { result: receiptOf(chain, first) };
    case "eth_getBalance":
      return { result: numberToHex(PLENTY) };
    case "eth_getCode":
      return { result: first.toLowerCase() === payOnce ? artifact.deployedBytecode : "0x" };
    case "eth_call":
      return { result: called(node, params[0] as { to: string; data: Hex }) };
    default:
      throw new TypeError(`this chain does not know ${method}`);
  }
}

/** A block's hash says its number, so that nothing has to be remembered of the empty ones. */
export const hashOf = (block: number): Hex => `0xb10c${block.toString(16).padStart(60, "0")}`;
const numberIn = (hash: string): number => Number(`0x${hash.slice(6)}`);

function headerAt(chain: Chain, tag: string): unknown {
  const head = chain.headNumber();
  const number = tag === "latest" ? head : Number(tag);
  if (number > head) return null;
  return {
    number: numberToHex(number),
    hash: hashOf(number),
    parentHash: hashOf(Math.max(0, number - 1)),
    timestamp: numberToHex(Math.floor(chain.timeOf(number) / 1_000)),
    baseFeePerGas: numberToHex(BASE_FEE),
    gasLimit: numberToHex(GAS_LIMIT),
  };
}

function countAt(chain: Chain, account: string, tag: string | undefined): RpcAnswer {
  const head = chain.headNumber();
  const number = tag === undefined || tag === "latest" ? head : Number(tag);
  if (number > head) return { error: { code: -32000, message: "header not found" } };
  return { result: numberToHex(chain.countOf(account.toLowerCase(), number)) };
}

function submitted({ hash, refusal }: Awaited<ReturnType<Chain["take"]>>): RpcAnswer {
  return refusal === undefined ? { result: hash } : { error: { code: -32000, message: refusal } };
}

function transactionCount(chain: Chain, hash: string): Hex | null {
  const number = numberIn(hash);
  if (number > chain.headNumber()) return null;
  return numberToHex(chain.blockAt(number).transactions.length);
}

interface LogFilter {
  readonly blockHash?: string;
  readonly fromBlock?: string;
  readonly toBlock?: string;
  readonly address: string;
  readonly topics?: readonly (readonly string[])[];
}

function logsFor({ chain }: Node, filter: LogFilter): unknown[] {
  const { blockHash, fromBlock = "0x0", toBlock = "0x0", address, topics = [] } = filter;
  const from = blockHash === undefined ? Number(fromBlock) : numberIn(blockHash);
  const to = blockHash === undefined ? Math.min(Number(toBlock), chain.headNumber()) : from;
  const isWanted = (log: { readonly address: string; readonly topics: readonly string[] }) =>
    log.address === address &&
    topics.every((wanted, index) => wanted.includes(log.topics[index] ?? ""));
  const found: unknown[] = [];
  for (let number = from; number <= to; number += 1) {
    found.push(...logsOf(number, chain.blockAt(number)).filter(isWanted));
  }
  return found;
}

function logsOf(number: number, { transactions }: Block) {
  const place = { blockHash: hashOf(number), blockNumber: numberToHex(number) };
  return transactions.flatMap(({ hash, logs }) =>
    logs.map((log) => ({
      ...log,
      ...place,
      logIndex: numberToHex(log.logIndex),
      transactionHash: hash,
    })),
  );
}

function receiptOf(chain: Chain, hash: string): unknown {
  const number = chain.blockOfTransaction(hash);
  if (number === undefined) return null;
  const mined = chain.blockAt(number).transactions.filter((one) => one.hash === hash);
  return {
    status: mined[0]?.isReverted === false ? "0x1" : "0x0",
    blockNumber: numberToHex(number),
    logs: logsOf(number, { transactions: mined }),
  };
}

function called({ chain }: Node, { data }: { readonly data: Hex }): Hex {
  const { functionName, args } = decodeFunctionData({ abi, data });
  switch (functionName) {
    case "balanceOf":
    case "allowance":
      return word(PLENTY);
    case "isBlacklisted":
      return word(0n);
    case "operators":
      return word(1n);
    case "decimals":
      return word(6n);
    case "symbol":
      return encodeFunctionResult({ abi, functionName, result: "USDC" });
    case "slots": {
      const { isPaid, floor } = chain.slotOf(args[0].slice(2));
      return encodeFunctionResult({ abi, functionName, result: [isPaid, floor] });
    }
    default:
      throw new TypeError(`this chain does not answer ${functionName}`);
  }
}
