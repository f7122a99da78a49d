import { createPublicKey, type KeyObject } from "node:crypto";
import type { Logger } from "../log.ts";
import { createAskTurns } from "./ask-turns.ts";
import type { CircleClient } from "./client.ts";
import type { Pacer } from "./pacer.ts";
import { translateReadError } from "./translate-error.ts";

/** The public keys that Circle signs its notifications with. */
export interface NotificationKeys {
  /**
   * `sender`: whoever names the id, as far as that is known. Undefined: Circle does not know it, cannot be asked, or may
   * not be asked yet. Never throws.
   */
  find(keyId: string, sender: string): Promise<KeyObject | undefined>;
}

interface NotificationKeysDeps {
  readonly client: CircleClient;
  /** Circle's limit, of the whole account. */
  readonly gets: Pacer;
  readonly log: Logger;
}

/** An id that Circle did not tell the key of has no turn for so long. */
const REST_MS = 60_000;
/** Whoever sends is waiting, and sends again. */
const ASK_TIMEOUT_MS = 3_000;
/** Circle names few keys, and keeps them; what Circle does not know is not kept. */
const KEYS_MAX = 16;
/** The id goes into an address that is called with our API key. */
const KEY_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads each key once, through the SDK, and keeps it: an id's key never changes. Anybody can make ids up: how often Circle
 * is asked is bounded over all of them, and whose turn it is does not depend on who names the most.
 */
export function createNotificationKeys(
  { client, gets, log }: NotificationKeysDeps,
  clock = { nowMs: () => performance.now(), random: () => Math.random() },
): NotificationKeys {
  const { nowMs } = clock;
  const turns = createAskTurns(clock);
  const known = new Map<string, KeyObject>();
  const asking = new Map<string, Promise<KeyObject | undefined>>();
  /** Until when; no more than there were turns in a minute. */
  const resting = new Map<string, number>();

  async function ask(keyId: string): Promise<KeyObject | undefined> {
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    try {
      await gets.take(signal);
      const { data } = await client.call((sdk) => sdk.getNotificationSignature(keyId), signal);
      const key = readKey(data?.publicKey ?? "");
      const [oldest] = known.keys();
      if (known.size >= KEYS_MAX && oldest !== undefined) known.delete(oldest);
      known.set(keyId, key);
      return key;
    } catch (error) {
      rest(keyId);
      const err = translateReadError(error);
      log.warn({ err, keyId }, "no key for a notification that says it is Circle's");
      return undefined;
    } finally {
      asking.delete(keyId);
    }
  }

  function rest(keyId: string): void {
    for (const [id, untilMs] of resting) if (untilMs <= nowMs()) resting.delete(id);
    resting.set(keyId, nowMs() + REST_MS);
  }

  return {
    async find(named, sender) {
      const keyId = named.toLowerCase();
      const key = known.get(keyId);
      if (key || !KEY_ID.test(keyId)) return key;
      // The first notifications of a new key come together.
      const begun = asking.get(keyId);
      if (begun) return begun;
      if (nowMs() < (resting.get(keyId) ?? -Infinity)) return undefined;
      const next = turns.next(keyId, sender);
      if (next !== undefined && !known.has(next) && !asking.has(next)) asking.set(next, ask(next));
      return asking.get(keyId);
    },
  };
}

/** Throws where it is not what Circle says that it signs with. */
function readKey(publicKey: string): KeyObject {
  const key = createPublicKey({
    key: Buffer.from(publicKey, "base64"),
    format: "der",
    type: "spki",
  });
  if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  throw new TypeError("Circle's key is not of the curve P-256");
}
