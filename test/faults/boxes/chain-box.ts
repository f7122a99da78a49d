import { createArming, type Armed } from "./armed.ts";
import { isMeant, type ChainRule, type NodeName } from "./chain-rules.ts";
import { openHeadsBox, type HeadsBox } from "./heads-box.ts";
import { openRpcProxy } from "./rpc-proxy.ts";

/** Two nodes and a WebSocket in front of the one chain. */
export interface ChainBox {
  readonly rpcUrls: Readonly<Record<NodeName, string>>;
  /** The WebSocket. */
  readonly heads: HeadsBox;
  /** What becomes of some calls; of those that are meant by several rules the oldest decides. */
  rule(rule: ChainRule): Armed;
}

export async function openChainBox(node: {
  readonly rpcUrl: string;
  readonly wsUrl: string;
}): Promise<ChainBox & AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const rules = createArming<ChainRule>();
  const openNode = async (name: NodeName) =>
    opening.use(
      await openRpcProxy(
        node.rpcUrl,
        (call) => rules.take((rule) => isMeant(rule, call, name))?.act,
      ),
    );
  const rpcUrls = { first: (await openNode("first")).url, second: (await openNode("second")).url };
  const heads = opening.use(await openHeadsBox(node.wsUrl));
  const open = opening.move();
  return {
    rpcUrls,
    heads,
    rule: rules.arm,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
