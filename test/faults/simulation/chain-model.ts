import { decodeFunctionData, encodeErrorResult, parseAbi, type Address, type Hex } from "viem";
import { payOnceAbi } from "../../../contracts/pay-once-abi.ts";
import { modelPay, modelVoid, type Model } from "../../contracts/pay-once-model.ts";
import type { Payment, Ref } from "../../contracts/pay-once-world.ts";
import { blockHashOf, instanceLog, transferLogs, type ModelLog } from "./raw-logs.ts";

/** A transaction that a node holds and no block has yet. */
export interface PoolTransaction {
  readonly hash: Hex;
  readonly from: string;
  readonly nonce: bigint;
  readonly maxFeePerGas: bigint;
  readonly to: string;
  readonly data: Hex;
}

interface MinedTransaction {
  readonly hash: Hex;
  readonly isReverted: boolean;
  readonly logs: readonly ModelLog[];
}

export interface ModelBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly timestampMs: number;
  readonly transactions: readonly MinedTransaction[];
  /** Used nonces after this block. */
  readonly counts: ReadonlyMap<string, bigint>;
}

/** A movement of money. */
export type Transfer = Payment;

/** Deliberate breaks of the contract, for the proof that the simulation sees them. */
export const CHAIN_BREAKS = ["no_paid_check", "no_floor"] as const;
export type ChainBreak = (typeof CHAIN_BREAKS)[number];

export interface Chain {
  readonly model: Model;
  readonly pool: Map<Hex, PoolTransaction>;
  readonly blocks: readonly ModelBlock[];
  /** Every movement of money, in order. */
  readonly transfers: readonly Transfer[];
  readonly voids: readonly Ref[];
  baseFeePerGas: bigint;
  countOf(account: string): bigint;
  head(): ModelBlock;
  /** Takes a transaction, or says in a node's words why not. */
  take(transaction: PoolTransaction): string | undefined;
  /** One block; `fateOf` says what becomes of each transaction that could be in it. */
  mine(timestampMs: number, fateOf: (transaction: PoolTransaction) => BlockFate): ModelBlock;
  blockOf(hash: string): ModelBlock | undefined;
}

export type BlockFate = "mined" | "left" | "reverted";

const GENESIS: ModelBlock = {
  number: 0n,
  hash: blockHashOf(0n),
  parentHash: blockHashOf(-1n),
  timestampMs: 0,
  transactions: [],
  counts: new Map(),
};

/** Nodes replace a pending transaction only for a tenth more. */
const REPLACEMENT_PERCENT = 110n;

/** A chain with one PayOnce and one token, as contracts/PayOnce.sol and a node's pool behave. */
export function createChain(payOnce: string, breaks: ReadonlySet<ChainBreak>): Chain {
  const model: Model = {
    operators: new Set(),
    blocked: new Set(),
    balances: new Map(),
    allowances: new Map(),
    paid: new Map(),
    floors: new Map(),
  };
  const pool = new Map<Hex, PoolTransaction>();
  const blocks: ModelBlock[] = [GENESIS];
  const counts = new Map<string, bigint>();
  const transfers: Transfer[] = [];
  const voids: Ref[] = [];
  const countOf = (account: string) => counts.get(account) ?? 0n;
  const chain: Chain = {
    model,
    pool,
    blocks,
    transfers,
    voids,
    baseFeePerGas: 20_000_000_000n,
    countOf,
    head: () => blocks.at(-1) ?? GENESIS,
    take(transaction) {
      const { hash, from, nonce, maxFeePerGas } = transaction;
      if (pool.has(hash)) return "already known";
      if (nonce < countOf(from)) return "nonce too low: next nonce is higher";
      const rival = [...pool.values()].find((one) => one.from === from && one.nonce === nonce);
      if (rival && maxFeePerGas * 100n < rival.maxFeePerGas * REPLACEMENT_PERCENT) {
        return "replacement transaction underpriced";
      }
      if (rival) pool.delete(rival.hash);
      pool.set(hash, transaction);
      return undefined;
    },
    mine(timestampMs, fateOf) {
      const number = BigInt(blocks.length);
      const mined = inOrder().flatMap((transaction) => include(transaction, fateOf(transaction)));
      const block: ModelBlock = {
        number,
        hash: blockHashOf(number),
        parentHash: chain.head().hash,
        timestampMs,
        transactions: numbered(mined),
        counts: new Map(counts),
      };
      blocks.push(block);
      for (const [hash, { from, nonce }] of pool) if (nonce < countOf(from)) pool.delete(hash);
      return block;
    },
    blockOf: (hash) => blocks.find((block) => block.hash === hash),
  };
  return chain;

  function inOrder(): PoolTransaction[] {
    return [...pool.values()].sort((a, b) => Number(a.nonce - b.nonce));
  }

  function include(transaction: PoolTransaction, fate: BlockFate): MinedTransaction[] {
    const { hash, from, nonce, maxFeePerGas } = transaction;
    if (fate === "left" || nonce !== countOf(from)) return [];
    if (maxFeePerGas < chain.baseFeePerGas) return [];
    counts.set(from, nonce + 1n);
    pool.delete(hash);
    if (fate === "reverted" && transaction.to === payOnce) {
      return [{ hash, isReverted: true, logs: [] }];
    }
    const logs = transaction.to === payOnce ? execute(transaction) : [];
    return [{ hash, isReverted: logs === undefined, logs: logs ?? [] }];
  }

  function execute({ from, data }: PoolTransaction): ModelLog[] | undefined {
    const call = decodeFunctionData({ abi: payOnceAbi, data });
    if (breaks.has("no_paid_check")) model.paid.clear();
    if (breaks.has("no_floor")) model.floors.clear();
    if (call.functionName === "void") {
      const outcomes = modelVoid(model, from as Address, call.args[0]);
      return outcomes?.map((outcome) => {
        if (outcome.name === "Voided") voids.push(outcome.args as unknown as Ref);
        return instanceLog({ payOnce, ...outcome });
      });
    }
    if (call.functionName !== "pay") return undefined;
    // viem decodes addresses in checksum spelling; the model keeps accounts in lower case.
    const items = call.args[0].map((item): Payment => {
      const { payer, token, to } = item;
      return { ...item, payer: lower(payer), token: lower(token), to: lower(to) };
    });
    return modelPay(model, from as Address, items)?.flatMap(({ name, args }, index) => {
      const item = items[index];
      if (name === "Refused" && item) {
        return [instanceLog({ payOnce, name, args: { ...args, reason: reasonFor(item) } })];
      }
      if (name !== "Paid") return [instanceLog({ payOnce, name, args })];
      const moved = args as unknown as Transfer;
      transfers.push(moved);
      return [...transferLogs(moved), instanceLog({ payOnce, name, args })];
    });
  }

  function reasonFor({ payer, to }: Payment): Hex {
    return model.blocked.has(payer) || model.blocked.has(to) ? BLOCKED : UNFUNDED;
  }
}

const lower = (address: string) => address.toLowerCase() as Address;

const errors = parseAbi(["error Error(string message)"]);
const words = (message: string) =>
  encodeErrorResult({ abi: errors, errorName: "Error", args: [message] });
const BLOCKED = words("Blocked address");
const UNFUNDED = words("ERC20: transfer amount exceeds balance");

/** Log indices run through the whole block. */
function numbered(transactions: readonly MinedTransaction[]): MinedTransaction[] {
  let index = 0;
  return transactions.map((transaction) => ({
    ...transaction,
    logs: transaction.logs.map((log) => ({ ...log, logIndex: `0x${(index++).toString(16)}` })),
  }));
}
