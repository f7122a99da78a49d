import { numberToHex } from "viem";
import { PaymentError } from "../errors.ts";
import type { BlockHeader, PayOnceLog } from "../payment/pay-once-log.ts";
import { headOf, isNullAnswer, quantityOf, type Head } from "./read-answers.ts";
import { readBlockLogs, type InstanceReads } from "./read-block-logs.ts";
import type { Rpc } from "./rpc.ts";

/** Behind the head, this many blocks are read with one request of each kind: after an outage, round trips are the bound. */
const WINDOW_MAX = 16n;

/** The newest blocks are read singly: another node may have told of them than the one that is asked. */
const HEAD_MARGIN = 2n;

/** Heads that a subscription brought and nobody has asked for yet. */
const PRIMED_MAX = 64;

/** Blocks in order. Each answer is given once: what is asked for again is read again. */
export interface BlockSource {
  /** The newest block that any node told of. */
  newest(): bigint;
  /** A block exists; with its header where a subscription brought it. */
  prime(number: bigint, head?: Head): void;
  header(number: bigint): Promise<BlockHeader>;
  logs(header: BlockHeader): Promise<readonly PayOnceLog[]>;
  nonceAt(operator: string, number: bigint): Promise<bigint>;
}

/** Reads single blocks at the head, and a window of them when it is behind. */
export function createBlockSource(reads: InstanceReads): BlockSource {
  let newest = -1n;
  const heads = new Map<bigint, Head>();
  let logsAhead = new Map<string, readonly PayOnceLog[]>();
  let noncesAhead = new Map<string, bigint>();

  const prime = (number: bigint, head?: Head) => {
    if (number > newest) newest = number;
    if (head && heads.size < PRIMED_MAX) heads.set(number, head);
  };
  const windowFrom = (number: bigint) => {
    const end = min(number + WINDOW_MAX - 1n, newest - HEAD_MARGIN);
    return [number, ...range(number + 1n, end)];
  };
  return {
    newest: () => newest,
    prime,
    async header(number) {
      for (const known of heads.keys()) if (known < number) heads.delete(known);
      const known = take(heads, number);
      if (known) return known;
      const [wanted, ...ahead] = await readHeaders(reads.rpc, windowFrom(number));
      for (const head of ahead) prime(head.number, head);
      prime(wanted.number);
      return wanted;
    },
    async logs(header) {
      const known = take(logsAhead, header.hash);
      if (known) return known;
      const ahead = windowFrom(header.number).flatMap((number) => heads.get(number) ?? []);
      const headers = [header, ...ahead.filter(({ number }) => number > header.number)];
      const [wanted = [], ...rest] = await readBlockLogs(reads, headers);
      logsAhead = new Map(rest.map((logs, index) => [headers[index + 1]?.hash ?? "", logs]));
      return wanted;
    },
    async nonceAt(operator, number) {
      const known = take(noncesAhead, `${operator} ${number}`);
      if (known !== undefined) return known;
      const numbers = windowFrom(number);
      const [wanted = 0n, ...rest] = await readNonces(reads.rpc, operator, numbers);
      if (noncesAhead.size > PRIMED_MAX * 16) noncesAhead = new Map();
      for (const [index, nonce] of rest.entries()) {
        noncesAhead.set(`${operator} ${numbers[index + 1]}`, nonce);
      }
      return wanted;
    },
  };
}

/** The canonical headers at these heights, as far as one node has them; at least the first, or CHAIN_BLOCK_UNKNOWN. */
async function readHeaders(
  rpc: Rpc,
  numbers: readonly bigint[],
): Promise<readonly [Head, ...Head[]]> {
  const calls = numbers.map((number) => ({
    method: "eth_getBlockByNumber",
    params: [numberToHex(number), false],
  }));
  const [first, ...rest] = await rpc.ask(calls, { isUsable: ([wanted]) => !isNullAnswer(wanted) });
  const known = rest.filter((answer) => "result" in answer && !isNullAnswer(answer));
  return [headOf(first), ...known.map(headOf)];
}

/**
 * Used nonces at each of these blocks. Nodes keep the state of the last blocks only; where they no longer have it, the
 * latest count is given: it is the question "is this nonce used?" answered a little later, with the same meaning.
 */
async function readNonces(
  rpc: Rpc,
  operator: string,
  numbers: readonly bigint[],
): Promise<readonly bigint[]> {
  const blocks = [...numbers.map((number) => numberToHex(number)), "latest"];
  const counts = blocks.map((block) => ({
    method: "eth_getTransactionCount",
    params: [operator, block],
  }));
  const [newest, ...answers] = await rpc.ask([
    { method: "eth_blockNumber", params: [] },
    ...counts,
  ]);
  const last = numbers.at(-1) ?? 0n;
  if (quantityOf(newest) < last) {
    throw new PaymentError(
      "CHAIN_BLOCK_UNKNOWN",
      "retry",
      `the node has not got block ${last} yet`,
    );
  }
  const latest = quantityOf(answers.at(-1));
  return answers.slice(0, -1).map((answer) => ("result" in answer ? quantityOf(answer) : latest));
}

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

function range(from: bigint, to: bigint): bigint[] {
  return Array.from({ length: to < from ? 0 : Number(to - from) + 1 }, (_, i) => from + BigInt(i));
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
