import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { numberToHex } from "viem";
import { WebSocketServer } from "ws";
import type { Rpc } from "../../src/arc/rpc.ts";
import { burstAfter } from "../provider/bursts.ts";

/** Tells whoever connects of each new block, as eth_subscribe("newHeads") does; answers the URL. */
export async function serveHeads(rpc: Rpc): Promise<string> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  void tellHeads(rpc, (head) => {
    for (const client of server.clients) client.send(head);
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** For as long as the process runs. */
async function tellHeads(rpc: Rpc, tell: (head: string) => void): Promise<never> {
  for (let told = ""; ;) {
    await delay(Math.max(0, burstAfter(Date.now()) - Date.now()));
    const [number] = await rpc.ask([{ method: "eth_blockNumber", params: [] }]);
    const tag = number && "result" in number ? String(number.result) : numberToHex(0);
    if (tag === told) continue;
    told = tag;
    const [block] = await rpc.ask([{ method: "eth_getBlockByNumber", params: [tag, false] }]);
    if (!block || !("result" in block)) continue;
    tell(JSON.stringify({ method: "eth_subscription", params: { result: block.result } }));
  }
}
