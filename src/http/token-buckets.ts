import { performance } from "node:perf_hooks";

export interface BucketSettings {
  readonly perSecond: number;
  readonly burst: number;
  /** Beyond it the one that was not used for longest is forgotten, which gives it a full bucket. */
  readonly bucketsMax?: number;
}

export interface Taken {
  readonly allowed: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetSeconds: number;
  /** Until there is a token. */
  readonly retryAfterSeconds: number;
}

export interface TokenBuckets {
  /** Takes a token where there is one. */
  take(name: string): Taken;
  /** As `take`, and leaves the bucket as it is. */
  look(name: string): Taken;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const BUCKETS_MAX = 10_000;

/** Token buckets by name, in this process: so many requests at once, and then so many a second. */
export function createTokenBuckets(
  { perSecond, burst, bucketsMax = BUCKETS_MAX }: BucketSettings,
  nowMs: () => number = () => performance.now(),
): TokenBuckets {
  // In the order of their last use: an insertion puts a name at the end.
  const buckets = new Map<string, Bucket>();

  function fill(name: string): Bucket {
    const at = nowMs();
    const before = buckets.get(name) ?? { tokens: burst, atMs: at };
    const gained = ((at - before.atMs) * perSecond) / 1_000;
    return { tokens: Math.min(burst, before.tokens + gained), atMs: at };
  }

  function answer(allowed: boolean, tokens: number): Taken {
    return {
      allowed,
      remaining: Math.floor(tokens),
      resetSeconds: Math.ceil((burst - tokens) / perSecond),
      retryAfterSeconds: Math.max(1, Math.ceil((1 - tokens) / perSecond)),
    };
  }

  return {
    take(name) {
      const bucket = fill(name);
      const allowed = bucket.tokens >= 1;
      if (allowed) bucket.tokens -= 1;
      buckets.delete(name);
      buckets.set(name, bucket);
      if (buckets.size > bucketsMax) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      return answer(allowed, bucket.tokens);
    },
    look(name) {
      const { tokens } = fill(name);
      return answer(tokens >= 1, tokens);
    },
  };
}
