import { generateKeyPairSync, randomUUID, sign } from "node:crypto";

/** Somebody who signs notifications as Circle does. */
export interface CircleSigner {
  readonly keyId: string;
  /** Base64 of the DER, as Circle shows it. */
  readonly publicKey: string;
  sign(bytes: Buffer): string;
}

export function newSigner(keyId: string = randomUUID(), namedCurve = "P-256"): CircleSigner {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  return {
    keyId,
    publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
    sign: (bytes) => sign("sha256", bytes, privateKey).toString("base64"),
  };
}

/** A notification of a transaction's state, as bytes. */
export function notificationOf(state: string, change: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      subscriptionId: randomUUID(),
      notificationId: randomUUID(),
      notificationType: "transactions.outbound",
      notification: { id: randomUUID(), state, txHash: "0xab", refId: "" },
      timestamp: "2023-10-11T21:08:37.1234Z",
      version: 2,
      ...change,
    }),
  );
}
