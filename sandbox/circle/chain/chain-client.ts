import { setTimeout as delay } from "node:timers/promises";
import {
  BaseError,
  createPublicClient,
  encodeFunctionData,
  erc20Abi,
  hexToBigInt,
  hexToNumber,
  http,
  numberToHex,
  RpcRequestError,
  type Address,
  type Hex,
  type PublicClient,
} from "viem";

/** What a transaction does. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
  readonly value: bigint;
}

export interface Receipt {
  readonly transactionHash: Hex;
  readonly blockHash: Hex;
  readonly blockNumber: bigint;
  readonly succeeded: boolean;
  readonly networkFee: bigint;
}

/** The node understood the request and said no; `message` is the node's own text. */
export class ChainRefusal extends Error {
  override readonly name = "ChainRefusal";
}

export interface ChainClient {
  readonly chainId: number;
  blockNumber(): Promise<bigint>;
  /** The hashes of a block's transactions; undefined while the node does not have it. */
  transactionHashes(blockNumber: bigint): Promise<readonly Hex[] | undefined>;
  baseFeePerGas(): Promise<bigint>;
  receipt(hash: Hex): Promise<Receipt | undefined>;
  nextNonce(address: Address): Promise<number>;
  estimateGas(from: Address, call: Call): Promise<bigint>;
  balance(address: Address): Promise<bigint>;
  tokenBalance(token: Address, owner: Address): Promise<bigint>;
  decimals(token: Address): Promise<number>;
  sendRaw(raw: Hex): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5_000;
/** A chain that is away is waited for, as Circle would; after an hour a sandbox is beyond hope. */
const OUTAGE_TRIES_MAX = 3_600;
const OUTAGE_PAUSE_MS = 1_000;
/** "Limit exceeded": the request was not looked at. */
const THROTTLED_CODES = new Set([-32005, -32011]);

/**
 * The node's RPC. Every call insists while the node is away, until the signal ends it; what the node itself refuses is
 * thrown at once, as a ChainRefusal.
 */
export function createChainClient(
  rpcUrl: string,
  chainId: number,
  signal: AbortSignal,
): ChainClient {
  const transport = http(rpcUrl, { timeout: REQUEST_TIMEOUT_MS, retryCount: 0 });
  const { request } = createPublicClient({ transport });
  const ask: Ask = (call) => insist(() => call(request), signal);
  return { chainId, ...blockReads(ask), ...accountReads(ask), ...tokenReads(ask), ...sends(ask) };
}

type Request = PublicClient["request"];
type Ask = <T>(call: (request: Request) => Promise<T>) => Promise<T>;

function blockReads(ask: Ask) {
  const block = (number: Hex | "latest") =>
    ask((request) => request({ method: "eth_getBlockByNumber", params: [number, false] }));
  return {
    blockNumber: async () =>
      hexToBigInt(await ask((request) => request({ method: "eth_blockNumber" }))),
    transactionHashes: async (blockNumber: bigint) =>
      (await block(numberToHex(blockNumber)))?.transactions as readonly Hex[] | undefined,
    baseFeePerGas: async () => BigInt((await block("latest"))?.baseFeePerGas ?? 0),
    async receipt(hash: Hex): Promise<Receipt | undefined> {
      const found = await ask((request) =>
        request({ method: "eth_getTransactionReceipt", params: [hash] }),
      );
      if (found === null) return undefined;
      return {
        transactionHash: hash,
        blockHash: found.blockHash,
        blockNumber: hexToBigInt(found.blockNumber),
        succeeded: found.status === "0x1",
        networkFee: hexToBigInt(found.gasUsed) * hexToBigInt(found.effectiveGasPrice),
      };
    },
  };
}

function accountReads(ask: Ask) {
  return {
    nextNonce: async (address: Address) =>
      hexToNumber(
        await ask((request) =>
          request({ method: "eth_getTransactionCount", params: [address, "pending"] }),
        ),
      ),
    balance: async (address: Address) =>
      hexToBigInt(
        await ask((request) => request({ method: "eth_getBalance", params: [address, "latest"] })),
      ),
  };
}

function tokenReads(ask: Ask) {
  const view = (to: Address, data: Hex) =>
    ask((request) => request({ method: "eth_call", params: [{ to, data }, "latest"] }));
  return {
    tokenBalance: async (token: Address, owner: Address) => {
      const args = [owner] as const;
      return BigInt(
        await view(token, encodeFunctionData({ abi: erc20Abi, functionName: "balanceOf", args })),
      );
    },
    decimals: async (token: Address) => {
      const answer = await view(
        token,
        encodeFunctionData({ abi: erc20Abi, functionName: "decimals" }),
      );
      if (answer === "0x") throw new ChainRefusal("no token at this address");
      return Number(answer);
    },
  };
}

function sends(ask: Ask) {
  return {
    async estimateGas(from: Address, { to, data, value }: Call) {
      const call = { from, to, data, value: numberToHex(value) };
      return hexToBigInt(
        await ask((request) => request({ method: "eth_estimateGas", params: [call] })),
      );
    },
    async sendRaw(raw: Hex) {
      await ask((request) => request({ method: "eth_sendRawTransaction", params: [raw] }));
    },
  };
}

async function insist<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal !== undefined) throw refusal;
      if (attempt === OUTAGE_TRIES_MAX) throw error;
    }
    await delay(OUTAGE_PAUSE_MS, undefined, { signal });
  }
}

function refusalIn(error: unknown): ChainRefusal | undefined {
  const refusal =
    error instanceof BaseError ? error.walk((cause) => cause instanceof RpcRequestError) : null;
  if (!(refusal instanceof RpcRequestError) || THROTTLED_CODES.has(refusal.code)) return undefined;
  return new ChainRefusal(refusal.details);
}
