import { createPublicKey, type KeyObject } from "node:crypto";
import type { Logger } from "../log.ts";
import type { CircleClient } from "./client.ts";
import type { Pacer } from "./pacer.ts";
import { translateReadError } from "./translate-error.ts";

/** The public keys that Circle signs its notifications with. */
export interface NotificationKeys {
  /** Undefined: Circle does not know the id, cannot be asked, or may not be asked again yet. Never throws. */
  find(keyId: string): Promise<KeyObject | undefined>;
}

interface NotificationKeysDeps {
  readonly client: CircleClient;
  /** Circle's limit, of the whole account. */
  readonly gets: Pacer;
  readonly log: Logger;
}

/** Anybody can make ids up: all of them together cost the account's GETs one a minute. */
const ASK_EVERY_MS = 60_000;
/** Whoever sends is waiting, and sends again. */
const ASK_TIMEOUT_MS = 3_000;
/** Circle names few keys, and keeps them; what Circle does not know is not kept. */
const KEYS_MAX = 16;
/** The id goes into an address that is called with our API key. */
const KEY_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads each key once, through the SDK, and keeps it: an id's key never changes. */
export function createNotificationKeys(
  { client, gets, log }: NotificationKeysDeps,
  nowMs: () => number = () => performance.now(),
): NotificationKeys {
  const known = new Map<string, KeyObject>();
  let askedAtMs = -Infinity;
  let asking: { readonly keyId: string; readonly key: Promise<KeyObject | undefined> } | undefined;

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
      const err = translateReadError(error);
      log.warn({ err, keyId }, "no key for a notification that says it is Circle's");
      return undefined;
    } finally {
      asking = undefined;
    }
  }

  return {
    async find(named) {
      const keyId = named.toLowerCase();
      const key = known.get(keyId);
      if (key || !KEY_ID.test(keyId)) return key;
      // The first notifications of a new key come together.
      if (asking?.keyId === keyId) return asking.key;
      if (nowMs() - askedAtMs < ASK_EVERY_MS) return undefined;
      askedAtMs = nowMs();
      asking = { keyId, key: ask(keyId) };
      return asking.key;
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
