export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

export type RpcReply =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } };

/** Asks the node itself. */
export type AskNode = (call: RpcCall) => Promise<RpcReply>;

/** What becomes of a request that holds a call which the rule is meant for. */
export type ChainAct =
  /** Nothing; the rule counts. */
  | { readonly kind: "pass" }
  /** Another HTTP answer to the whole request; the node sees nothing of it. */
  | { readonly kind: "status"; readonly status: number }
  /** The node sees nothing, and nobody answers. */
  | { readonly kind: "hang" }
  /** The node answers, and the answer is lost: the connection stays open and silent. */
  | { readonly kind: "loseAnswer" }
  /** This call alone is answered otherwise, as the rule says; it may ask the node, once, more often, or never. */
  | { readonly kind: "reply"; readonly reply: (call: RpcCall, ask: AskNode) => Promise<RpcReply> };

/** Which calls, and how often. */
export interface ChainRule {
  readonly methods: "all" | readonly string[];
  readonly act: ChainAct;
  readonly times: number | "always";
  /** Only where it was asked of this node; otherwise of either. */
  readonly node?: NodeName;
}

/** In the order in which a service asks them. */
export type NodeName = "first" | "second";

export function isMeant(rule: ChainRule, call: RpcCall, node: NodeName): boolean {
  const isOfNode = rule.node === undefined || rule.node === node;
  return isOfNode && (rule.methods === "all" || rule.methods.includes(call.method));
}

/** This error instead of the node's answer; the node sees nothing of the call. */
export function answerError(code: number, message: string): ChainAct {
  return { kind: "reply", reply: async () => ({ error: { code, message } }) };
}

/** The node does it and this error is answered all the same. */
export function doneButError(code: number, message: string): ChainAct {
  return {
    kind: "reply",
    async reply(call, ask) {
      await ask(call);
      return { error: { code, message } };
    },
  };
}
