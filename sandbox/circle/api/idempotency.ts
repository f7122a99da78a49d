import { createHash } from "node:crypto";
import type { Settings } from "../control/settings.ts";
import { circleError } from "./circle-error.ts";

/** Keys remembered over all endpoints; the oldest is forgotten beyond that. */
const KEYS_MAX = 200_000;

interface Remembered {
  readonly fingerprint: string;
  readonly answer: unknown;
  readonly atMs: number;
}

export interface Idempotency {
  /**
   * The answer first given to this key at this endpoint, or undefined for a new key. Throws 156020 for a known key
   * with another body where the settings say so.
   */
  recall(endpoint: string, key: string, body: unknown): unknown;
  remember(endpoint: string, key: string, body: unknown, answer: unknown): void;
  knows(endpoint: string, key: string): boolean;
  forget(endpoint: string, key: string): void;
}

/** The table of idempotency keys. Only accepted requests bind their key: a refused one may be repeated. */
export function createIdempotency(settings: Settings): Idempotency {
  const table = new Map<string, Remembered>();
  const slotOf = (endpoint: string, key: string) => `${endpoint} ${key.toLowerCase()}`;
  return {
    recall(endpoint, key, body) {
      const known = table.get(slotOf(endpoint, key));
      const { lifetimeMs, differentBody } = settings.idempotency;
      if (known === undefined) return undefined;
      if (lifetimeMs !== null && Date.now() - known.atMs > lifetimeMs) return undefined;
      if (differentBody === "refuse" && known.fingerprint !== fingerprintOf(body)) {
        throw circleError(156020);
      }
      return known.answer;
    },
    remember(endpoint, key, body, answer) {
      const slot = slotOf(endpoint, key);
      table.set(slot, { fingerprint: fingerprintOf(body), answer, atMs: Date.now() });
      if (table.size > KEYS_MAX) table.delete(table.keys().next().value ?? slot);
    },
    knows: (endpoint, key) => table.has(slotOf(endpoint, key)),
    forget(endpoint, key) {
      table.delete(slotOf(endpoint, key));
    },
  };
}

/** The body without what must differ between two sends of the same request. */
function fingerprintOf(body: unknown): string {
  const {
    entitySecretCiphertext: _,
    idempotencyKey: __,
    ...rest
  } = body as Record<string, unknown>;
  return createHash("sha256")
    .update(JSON.stringify(sorted(rest)))
    .digest("base64");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
