import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a node says to one call: a result, an error, or whatever the real node behind it says. */
export type Say =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }
  | "ask";

/** What it does with a whole request instead of answering it. */
type Mishap = { readonly status: number; readonly body: string } | "hang" | "reset";

export interface FakeNode extends AsyncDisposable {
  readonly url: string;
  readonly asked: Call[];
  say: (call: Call) => Say;
  mishap: () => Mishap | undefined;
}

/** A node of JSON-RPC over HTTP that lags, lies or breaks as it is told; in front of a real one where `behind` is given. */
export async function startFakeNode(behind?: string): Promise<FakeNode> {
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const mishap = node.mishap();
      if (mishap === "hang") return undefined;
      if (mishap === "reset") return request.socket.destroy();
      if (mishap) return response.writeHead(mishap.status).end(mishap.body);
      const asked = JSON.parse(body) as (Call & { id: number }) | (Call & { id: number })[];
      const calls = Array.isArray(asked) ? asked : [asked];
      const replies = await Promise.all(calls.map(reply));
      // A node may answer a batch in any order.
      const answer = Array.isArray(asked) ? replies.toReversed() : replies[0];
      return response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify(answer));
    });
  });
  const reply = async ({ id, method, params }: Call & { id: number }): Promise<object> => {
    node.asked.push({ method, params });
    const said = node.say({ method, params });
    if (said !== "ask") return { jsonrpc: "2.0", id, ...said };
    if (behind === undefined) throw new Error(`nobody behind the fake node answers ${method}`);
    const passed = await fetch(behind, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
    });
    return (await passed.json()) as object;
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const node: FakeNode = {
    url: `http://127.0.0.1:${port}/v2/very-secret-api-key`,
    asked: [],
    say: () => "ask",
    mishap: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return node;
}
