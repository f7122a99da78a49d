import type { Settings } from "../control/settings.ts";
import type { Route } from "./route.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

export interface RateLimit {
  /** True while the account may still make this call now; a refused call costs no token. */
  take(route: Pick<Route, "method" | "template" | "fast">): boolean;
  /** Starts anew with full buckets. */
  refill(): void;
}

/** Token buckets of the one account: one for all GETs, one for each other path. */
export function createRateLimit(settings: Settings, nowMs = () => performance.now()): RateLimit {
  const buckets = new Map<string, Bucket>();
  const take: RateLimit["take"] = ({ method, template, fast = false }) => {
    const { rate } = settings;
    if (!rate.enabled) return true;
    const isRead = method === "GET";
    const name = isRead ? "GET" : `${method} ${template}`;
    const writesPerSecond = fast ? rate.fastPostPerSecond : rate.postPerSecond;
    const perSecond = isRead ? rate.getPerSecond : writesPerSecond;
    const size = Math.max(1, perSecond * rate.burstSeconds);
    const bucket = buckets.get(name) ?? { tokens: size, atMs: nowMs() };
    const refill = ((nowMs() - bucket.atMs) / 1000) * perSecond;
    bucket.tokens = Math.min(size, bucket.tokens + refill);
    bucket.atMs = nowMs();
    buckets.set(name, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
  return { take, refill: () => buckets.clear() };
}
