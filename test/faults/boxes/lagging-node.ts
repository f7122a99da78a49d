import type { AskNode, ChainAct, RpcCall, RpcReply } from "./chain-rules.ts";

/** How far behind a second node is; anvil keeps the state of sixteen blocks. */
export const LAG_BLOCKS = 6n;

/** Where a call names the block to look at. */
const BLOCK_PARAM: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_getBalance: 1,
  eth_getTransactionCount: 1,
  eth_getBlockByNumber: 0,
};

interface Mined {
  readonly blockNumber?: string | null;
}

/** Answers as a node that has not heard of the last blocks yet. It takes what is sent: its pool is ahead of its chain. */
export const lag: ChainAct = { kind: "reply", reply: replyLate };

async function replyLate(call: RpcCall, ask: AskNode): Promise<RpcReply> {
  const head = await lateHead(ask);
  if (call.method === "eth_blockNumber") return { result: hex(head) };
  const reply = await ask({ ...call, params: lateParams(call, head) });
  return "error" in reply ? reply : { result: lateResult(call, reply.result, head) };
}

async function lateHead(ask: AskNode): Promise<bigint> {
  const reply = await ask({ method: "eth_blockNumber", params: [] });
  if ("error" in reply) throw new Error(reply.error.message);
  const head = BigInt(reply.result as string) - LAG_BLOCKS;
  return head < 0n ? 0n : head;
}

function lateParams({ method, params }: RpcCall, head: bigint): readonly unknown[] {
  const at = BLOCK_PARAM[method];
  if (at === undefined) return params;
  const isHead = params[at] === undefined || params[at] === "latest" || params[at] === "pending";
  return isHead ? params.with(at, hex(head)) : params;
}

/** Nothing of a block that it does not have. */
function lateResult({ method }: RpcCall, result: unknown, head: bigint): unknown {
  switch (method) {
    case "eth_getTransactionReceipt":
    case "eth_getTransactionByHash":
      return isBeyond(result as Mined | null, head) ? null : result;
    case "eth_getBlockByNumber":
    case "eth_getBlockByHash":
      return isBeyond({ blockNumber: (result as { number?: string } | null)?.number ?? null }, head)
        ? null
        : result;
    case "eth_getLogs":
      return (result as Mined[]).filter((log) => !isBeyond(log, head));
    default:
      return result;
  }
}

function isBeyond(mined: Mined | null, head: bigint): boolean {
  return typeof mined?.blockNumber === "string" && BigInt(mined.blockNumber) > head;
}

function hex(number: bigint): string {
  return `0x${number.toString(16)}`;
}
