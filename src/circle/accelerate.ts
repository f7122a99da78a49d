import type { Logger } from "../log.ts";
import type { CircleClient } from "./client.ts";
import type { Pacer } from "./pacer.ts";
import { translateReadError } from "./translate-error.ts";

export interface AccelerateDeps {
  readonly client: CircleClient;
  readonly gets: Pacer;
  readonly posts: Pacer;
  readonly log: Logger;
}

/** Each time costs higher fees; thirty of Arc's blocks are enough to see whether it helped. */
const AGAIN_AFTER_MS = 15_000;

/** Helps a wallet's stuck queue along. Never throws: it only hastens what is sent already. */
export type Accelerate = (walletId: string, signal: AbortSignal) => Promise<void>;

export function createAccelerate({ client, gets, posts, log }: AccelerateDeps): Accelerate {
  const lastTryMs = new Map<string, number>();

  /** A stuck queue moves only from its head: the transaction of the wallet's lowest nonce is the one to accelerate. */
  async function accelerateHead(walletId: string, signal: AbortSignal): Promise<void> {
    await gets.take(signal);
    const { data } = await client.call(
      (sdk) => sdk.getLowestNonceTransaction({ walletId }),
      signal,
    );
    const head = data?.transaction;
    if (!head || (head.state !== "SENT" && head.state !== "STUCK")) return;
    await posts.take(signal);
    await client.call((sdk) => sdk.accelerateTransaction({ id: head.id }), signal);
    log.warn({ walletId, circleId: head.id }, "accelerated a stuck transaction");
  }

  return async (walletId, signal) => {
    const nowMs = performance.now();
    if (nowMs - (lastTryMs.get(walletId) ?? -Infinity) < AGAIN_AFTER_MS) return;
    lastTryMs.set(walletId, nowMs);
    try {
      await accelerateHead(walletId, signal);
    } catch (error) {
      if (signal.aborted) return;
      const err = translateReadError(error);
      log.warn({ err, walletId }, "could not accelerate a stuck transaction");
    }
  };
}
