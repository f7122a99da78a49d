import {
  constants,
  createHash,
  generateKeyPair,
  privateDecrypt,
  timingSafeEqual,
} from "node:crypto";
import { promisify } from "node:util";
import { circleError } from "./circle-error.ts";

/** Circle uses 4,096 bits; the scheme is the same, and half the size starts in a tenth of the time. */
const MODULUS_BITS = 2048;

/** Ciphertexts remembered: a day of 5 requests/s. */
const SEEN_MAX = 500_000;

/** Circle's side of the entity secret: the public key it is encrypted with, and the check of what comes back. */
export interface EntitySecretCheck {
  readonly publicKeyPem: string;
  /** Throws 156013 unless the ciphertext hides the secret, 156004 if this very ciphertext came before. */
  accept(ciphertext: string): void;
}

/** Makes a key pair for the entity that owns this secret (64 hex characters). */
export async function createEntitySecretCheck(entitySecret: string): Promise<EntitySecretCheck> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: MODULUS_BITS,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const secret = Buffer.from(entitySecret, "hex");
  const seen = new Set<string>();
  return {
    publicKeyPem: publicKey,
    accept(ciphertext) {
      if (!hides(privateKey, ciphertext, secret)) throw circleError(156013);
      const digest = createHash("sha256").update(ciphertext).digest("base64");
      if (seen.has(digest)) throw circleError(156004);
      seen.add(digest);
      if (seen.size > SEEN_MAX) seen.delete(oldest(seen));
    },
  };
}

function hides(privateKey: string, ciphertext: string, secret: Buffer): boolean {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  try {
    const plain = privateDecrypt(
      { key: privateKey, padding, oaepHash: "sha256" },
      Buffer.from(ciphertext, "base64"),
    );
    return plain.length === secret.length && timingSafeEqual(plain, secret);
  } catch {
    return false;
  }
}

function oldest(seen: Set<string>): string {
  for (const first of seen) return first;
  return "";
}
