import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";

import { MIN_BASE_FEE_WEI } from "./arc-chain.ts";
import { BASE_FEE_GWEI, PAUSED } from "./dials.ts";

export interface BlockClock {
  readonly wsUrl: string;
  readonly blockTimeMs: number;
  /** Shared between threads, see dials.ts. */
  readonly dials: Int32Array;
}

const CONNECT_TIMEOUT_MS = 5_000;
const WEI_PER_GWEI = 1_000_000_000n;

const MINE_ID = 1;
const HOLD_ID = 2;
const MINE = request(MINE_ID, "evm_mine", []);

/**
 * A worker thread that makes the blocks, on time however busy the thread that owns the chain, until the chain ends. Anvil
 * could do it by itself, but below two seconds it keeps 1,500 copies of all state whatever it is told, which is
 * gigabytes after a few thousand payments; and its base fee falls by an eighth with every empty block, to nothing
 * within a minute, where Arc's stays at its floor.
 */
async function keepTime({ wsUrl, blockTimeMs, dials }: BlockClock): Promise<void> {
  const socket = new WebSocket(wsUrl);
  let isMining = false;
  socket.addEventListener("message", (message) => {
    const { id } = JSON.parse(String(message.data)) as { id: number };
    // Only now: anvil works on what it is asked side by side, and made blocks before it had heard their fee.
    if (id === HOLD_ID) socket.send(MINE);
    if (id === MINE_ID) isMining = false;
  });
  await once(socket, "open", { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
  // One block in the making at a time: a chain that was frozen goes on, it does not catch up.
  const timer = setInterval(() => {
    if (isMining || Atomics.load(dials, PAUSED) === 1) return;
    isMining = true;
    socket.send(holdFee(Atomics.load(dials, BASE_FEE_GWEI)));
  }, blockTimeMs);
  socket.addEventListener("close", () => clearInterval(timer));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage("ticking");
}

function holdFee(gwei: number): string {
  const wei = gwei === 0 ? MIN_BASE_FEE_WEI : BigInt(gwei) * WEI_PER_GWEI;
  return request(HOLD_ID, "anvil_setNextBlockBaseFeePerGas", [`0x${wei.toString(16)}`]);
}

function request(id: number, method: string, params: readonly unknown[]): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

await keepTime(workerData as BlockClock);
