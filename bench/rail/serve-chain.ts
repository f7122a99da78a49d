/**
 * The same chain in a process of its own, as a node is: `node bench/rail/serve-chain.ts DIRECTORY`, with PAY_ONCE_ADDRESS in
 * the environment. Says in one line where it listens.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { z } from "zod";
import type { Rpc } from "../../src/arc/rpc.ts";
import { openChainIn } from "./open-chain-in.ts";
import { serveHeads } from "./heads.ts";
import { createRailRpc } from "./rpc.ts";

const call = z.object({ id: z.number(), method: z.string(), params: z.array(z.unknown()) });
/** One call, or several in one request. */
const body = z.union([call, z.array(call)]);

const [, , directory = "."] = process.argv;
const { chain, payOnce } = await openChainIn(directory);
const rpc = createRailRpc(chain, payOnce);
const server = createServer((request, response) => {
  void answer(rpc, request).then(
    (answers) => response.end(JSON.stringify(answers)),
    (error: unknown) => response.writeHead(400).end(String(error)),
  );
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
console.log(JSON.stringify({ rpcUrl, wsUrl: await serveHeads(rpc) }));

async function answer(node: Rpc, request: IncomingMessage): Promise<unknown> {
  const asked = body.parse(await json(request));
  const calls = Array.isArray(asked) ? asked : [asked];
  const answers = await node.ask(calls);
  const replies = answers.map((one, index) => ({ jsonrpc: "2.0", id: calls[index]?.id, ...one }));
  return Array.isArray(asked) ? replies : replies[0];
}
