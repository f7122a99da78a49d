import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";

import { MIN_BASE_FEE_WEI } from "./arc-chain.ts";

export interface BlockClock {
  readonly wsUrl: string;
  readonly blockTimeMs: number;
  /** Shared between threads: no block is begun while it is 1. */
  readonly paused: Int32Array;
}

const CONNECT_TIMEOUT_MS = 5_000;

const MINE_ID = 1;
const HOLD_ID = 2;
const MINE = request(MINE_ID, "evm_mine", []);
const HOLD = request(HOLD_ID, "anvil_setNextBlockBaseFeePerGas", [
  `0x${MIN_BASE_FEE_WEI.toString(16)}`,
]);

/**
 * A worker thread that makes the blocks, on time however busy the thread that owns the chain, until the chain ends. Anvil
 * could do it by itself, but below two seconds it keeps 1,500 copies of all state whatever it is told, which is
 * gigabytes after a few thousand payments; and its base fee falls by an eighth with every empty block, to nothing
 * within a minute, where Arc's stays at its floor.
 */
async function keepTime({ wsUrl, blockTimeMs, paused }: BlockClock): Promise<void> {
  const socket = new WebSocket(wsUrl);
  let isMining = false;
  socket.addEventListener("message", (message) => {
    if ((JSON.parse(String(message.data)) as { id: number }).id === MINE_ID) isMining = false;
  });
  await once(socket, "open", { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
  // One block in the making at a time: a chain that was frozen goes on, it does not catch up.
  const timer = setInterval(() => {
    if (isMining || Atomics.load(paused, 0) === 1) return;
    isMining = true;
    socket.send(HOLD);
    socket.send(MINE);
  }, blockTimeMs);
  socket.addEventListener("close", () => clearInterval(timer));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage("ticking");
}

function request(id: number, method: string, params: readonly unknown[]): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

await keepTime(workerData as BlockClock);
