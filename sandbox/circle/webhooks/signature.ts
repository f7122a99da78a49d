import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { circleDate, newId } from "../ids.ts";

/** A P-256 key that notifications are signed with. */
export interface WebhookKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** Base64 of the DER, without PEM armour. */
  readonly publicKey: string;
  readonly createdAtMs: number;
}

export function createWebhookKey(): WebhookKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    id: newId(5),
    privateKey,
    publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
    createdAtMs: Date.now(),
  };
}

/** Base64 of the DER signature over the body's bytes. */
export function signBody(key: WebhookKey, body: string): string {
  return createSign("sha256").update(body).sign(key.privateKey, "base64");
}

/** A key as Circle writes it. */
export function keyView(key: WebhookKey): Record<string, string> {
  return {
    id: key.id,
    algorithm: "ECDSA_SHA_256",
    publicKey: key.publicKey,
    createDate: circleDate(key.createdAtMs),
  };
}
