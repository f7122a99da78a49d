import { setTimeout as delay } from "node:timers/promises";
import type { Settings } from "../control/settings.ts";
import type { WebhookStats } from "../control/stats.ts";

/** What goes over the wire. */
export interface Delivery {
  readonly url: string;
  readonly body: string;
  readonly signature: string;
  readonly keyId: string;
}

export interface DeliverDeps {
  readonly settings: Settings;
  readonly stats: { readonly webhooks: WebhookStats };
  readonly signal: AbortSignal;
}

/** Deliveries under way or waiting for their next try; beyond that new ones are abandoned. */
const DELIVERIES_MAX = 5_000;

/**
 * Sends notifications, each on its own, so that one that is refused does not hold up the next and the order is
 * nobody's promise. Anything but 200 is tried again after the settings' delays, then given up.
 */
export function createDeliverer(deps: DeliverDeps): (delivery: Delivery) => Promise<void> {
  let underWay = 0;
  return async (delivery) => {
    const { webhooks } = deps.stats;
    if (underWay >= DELIVERIES_MAX) {
      webhooks.abandoned += 1;
      return;
    }
    underWay += 1;
    try {
      await insist(deps, delivery);
    } finally {
      underWay -= 1;
    }
  };
}

async function insist(deps: DeliverDeps, delivery: Delivery): Promise<void> {
  const { stats, settings, signal } = deps;
  for (const waitMs of [0, ...settings.webhooks.retryDelaysMs]) {
    if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    if (await post(deps, delivery)) {
      stats.webhooks.delivered += 1;
      return;
    }
    stats.webhooks.refused += 1;
  }
  stats.webhooks.abandoned += 1;
}

async function post(deps: DeliverDeps, delivery: Delivery): Promise<boolean> {
  const { url, body, signature, keyId } = delivery;
  try {
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-circle-signature": signature,
        "x-circle-key-id": keyId,
      },
      redirect: "error",
      signal: timeLimit(deps),
    });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** The HEAD request that checks a subscription's endpoint. */
export async function probe(deps: DeliverDeps, url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { method: "HEAD", redirect: "error", signal: timeLimit(deps) });
    return answer.ok;
  } catch {
    return false;
  }
}

function timeLimit({ settings, signal }: DeliverDeps): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(settings.webhooks.timeoutMs)]);
}
