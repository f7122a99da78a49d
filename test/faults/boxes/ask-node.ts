import type { AskNode, RpcReply } from "./chain-rules.ts";

const TIMEOUT_MS = 30_000;

/** Puts single calls to a node. Throws where it is away. */
export function askNode(rpcUrl: string): AskNode {
  return async ({ method, params }) => {
    const answer = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return (await answer.json()) as RpcReply;
  };
}
