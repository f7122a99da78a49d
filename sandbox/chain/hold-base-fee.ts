import { once } from "node:events";

import { MIN_BASE_FEE_WEI } from "./arc-chain.ts";

const CONNECT_TIMEOUT_MS = 5_000;

const SUBSCRIBE = request("eth_subscribe", ["newHeads"]);
const HOLD = request("anvil_setNextBlockBaseFeePerGas", [`0x${MIN_BASE_FEE_WEI.toString(16)}`]);

/**
 * Keeps the base fee where Arc's stays under all but heavy load. Anvil's own would fall by an eighth with every empty
 * block, to nothing within a minute, and climb just as fast under a benchmark. Goes on until the chain ends.
 */
export async function holdBaseFee(wsUrl: string): Promise<void> {
  const socket = new WebSocket(wsUrl);
  socket.addEventListener("message", (message) => {
    if (String(message.data).includes("eth_subscription")) socket.send(HOLD);
  });
  await once(socket, "open", { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
  socket.send(SUBSCRIBE);
  socket.send(HOLD);
}

function request(method: string, params: readonly unknown[]): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
}
