import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { freePort } from "../../../sandbox/process/free-port.ts";
import { askNode } from "./ask-node.ts";
import type { AskNode, ChainAct, RpcCall } from "./chain-rules.ts";

type Numbered = RpcCall & { readonly id: unknown };

/** A node's JSON-RPC over HTTP, with someone in between. */
export interface RpcProxy extends AsyncDisposable {
  readonly url: string;
}

/** `actOn` says what becomes of a call; undefined: the node answers it. */
export async function openRpcProxy(
  nodeUrl: string,
  actOn: (call: RpcCall) => ChainAct | undefined,
): Promise<RpcProxy> {
  const ask = askNode(nodeUrl);
  const port = await freePort();
  const server = createServer((request, response) => {
    text(request)
      .then((body) =>
        answerAll(JSON.parse(body) as Numbered | Numbered[], response, { ask, actOn }),
      )
      // The node is away, or the client is: either way the connection ends without an answer.
      .catch(() => response.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerAll(
  asked: Numbered | Numbered[],
  response: ServerResponse,
  deps: { readonly ask: AskNode; readonly actOn: (call: RpcCall) => ChainAct | undefined },
): Promise<void> {
  const calls = (Array.isArray(asked) ? asked : [asked]).map((call) => ({
    call,
    act: deps.actOn(call),
  }));
  const whole = calls.find(
    ({ act }) => act !== undefined && act.kind !== "reply" && act.kind !== "pass",
  )?.act;
  if (whole?.kind === "hang") return;
  if (whole?.kind === "status") {
    response.writeHead(whole.status, { "content-type": "text/plain" }).end("");
    return;
  }
  const replies = await Promise.all(
    calls.map(async ({ call, act }) => {
      const reply = act?.kind === "reply" ? act.reply(call, deps.ask) : deps.ask(call);
      return { ...(await reply), jsonrpc: "2.0", id: call.id };
    }),
  );
  if (whole?.kind === "loseAnswer") return;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(Array.isArray(asked) ? replies : replies[0]));
}
