import { findKey, type ApiKey } from "../keys/find-key.ts";
import type { Database } from "../database/pool.ts";

/** A key that was revoked works for so long yet, and one under load costs a statement no more often. */
const FRESH_MS = 1_000;
const KEYS_MAX = 1_000;

interface Entry {
  readonly key: Promise<ApiKey | undefined>;
  readonly atMs: number;
}

/** Finds keys by their tokens, each at most once a second, and once where many ask at the same time. */
export function createKeyCache(pool: Database): (token: string) => Promise<ApiKey | undefined> {
  const entries = new Map<string, Entry>();
  return (token) => {
    const known = entries.get(token);
    if (known && performance.now() - known.atMs < FRESH_MS) return known.key;
    const key = findKey(pool, token);
    const entry = { key, atMs: performance.now() };
    entries.delete(token);
    entries.set(token, entry);
    // What opens nothing takes no place, so that guessing pushes out no key that works.
    const forget = () => {
      if (entries.get(token) === entry) entries.delete(token);
    };
    key.then((found) => {
      if (!found) forget();
    }, forget);
    if (entries.size > KEYS_MAX) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    }
    return key;
  };
}
