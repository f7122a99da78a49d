import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { headFrom, quantityOf, type Head } from "./read-answers.ts";
import type { Rpc } from "./rpc.ts";

export interface HeadWatchOptions {
  /** Subscribed to when given; polling is then only the fallback. */
  readonly wsUrl?: string;
  /** On 0.5 s blocks this adds 50 ms to the mean payment. */
  readonly pollMs?: number;
  /** Without a head for this long the subscription is not trusted: four of Arc's blocks. */
  readonly silenceMs?: number;
  /** Polled heads that stand still for this long: the node is frozen, or the chain is; another node will tell. */
  readonly frozenMs?: number;
}

/** A hint: heads may repeat, skip or fall back. The header comes along where a subscription brought it. */
export type OnHead = (number: bigint, head?: Head) => void;

/** After an error polling slows down, or it would keep a throttled node throttled. */
const POLL_AFTER_ERROR_MS = 1_000;
const RECONNECT_MIN_MS = 500;
const RECONNECT_MAX_MS = 15_000;

/** Reports heads until the signal aborts: from a WebSocket while it speaks, else by polling. */
export function watchHeads(
  deps: { readonly rpc: Rpc } & HeadWatchOptions,
  onHead: OnHead,
  signal: AbortSignal,
): void {
  const { rpc, wsUrl, pollMs = 100, silenceMs = 2_000, frozenMs = 5_000 } = deps;
  let spokenAtMs = -Infinity;
  const isSilent = () => performance.now() - spokenAtMs > silenceMs;
  if (wsUrl !== undefined) {
    const onSpoken: OnHead = (number, head) => {
      spokenAtMs = performance.now();
      onHead(number, head);
    };
    void subscribeUntil(wsUrl, silenceMs, onSpoken, signal);
  }
  void pollUntil({ rpc, pollMs, frozenMs, isSilent }, onHead, signal);
}

async function pollUntil(
  deps: { rpc: Rpc; pollMs: number; frozenMs: number; isSilent: () => boolean },
  onHead: OnHead,
  signal: AbortSignal,
): Promise<void> {
  let last = -1n;
  let movedAtMs = performance.now();
  while (!signal.aborted) {
    let waitMs = deps.pollMs;
    if (deps.isSilent()) {
      try {
        const [answer] = await deps.rpc.ask([{ method: "eth_blockNumber", params: [] }], {
          signal,
        });
        const number = quantityOf(answer);
        if (number > last) {
          last = number;
          movedAtMs = performance.now();
          onHead(number);
        } else if (performance.now() - movedAtMs > deps.frozenMs) {
          movedAtMs = performance.now();
          deps.rpc.distrust();
        }
      } catch {
        waitMs = Math.max(waitMs, POLL_AFTER_ERROR_MS);
      }
    } else {
      movedAtMs = performance.now();
    }
    await pause(waitMs, signal);
  }
}

async function subscribeUntil(
  wsUrl: string,
  silenceMs: number,
  onHead: OnHead,
  signal: AbortSignal,
): Promise<void> {
  let waitMs = RECONNECT_MIN_MS;
  while (!signal.aborted) {
    let spoke = false;
    await subscription(
      wsUrl,
      silenceMs,
      (number, head) => {
        spoke = true;
        onHead(number, head);
      },
      signal,
    );
    waitMs = spoke ? RECONNECT_MIN_MS : Math.min(waitMs * 2, RECONNECT_MAX_MS);
    await pause(waitMs, signal);
  }
}

const SUBSCRIBE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "eth_subscribe",
  params: ["newHeads"],
});

const notification = z.object({
  method: z.literal("eth_subscription"),
  params: z.object({ result: z.unknown() }),
});

/** One connection, from connecting to its end; it is ended when it says nothing for `silenceMs`. Never rejects. */
function subscription(
  wsUrl: string,
  silenceMs: number,
  onHead: OnHead,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(wsUrl);
    const end = () => {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
      socket.close();
      resolve();
    };
    let silence = setTimeout(end, silenceMs);
    signal.addEventListener("abort", end);
    socket.addEventListener("open", () => socket.send(SUBSCRIBE));
    socket.addEventListener("error", end);
    socket.addEventListener("close", end);
    socket.addEventListener("message", (message) => {
      const head = headIn(String(message.data));
      if (!head || signal.aborted) return;
      clearTimeout(silence);
      silence = setTimeout(end, silenceMs);
      onHead(head.number, head);
    });
  });
}

function headIn(text: string): Head | undefined {
  try {
    return headFrom(notification.parse(JSON.parse(text)).params.result);
  } catch {
    return undefined;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
