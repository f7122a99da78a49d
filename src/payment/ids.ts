import { createHash } from "node:crypto";

/** Ids and keys from outside are opaque: 1 to 128 visible ASCII characters, no spaces or controls. */
const OPAQUE_ID = /^[\x21-\x7e]{1,128}$/;

export function isOpaqueId(text: string): boolean {
  return OPAQUE_ID.test(text);
}

/**
 * A UUID made from its parts alone, so that the same thing has the same id after a restored backup.
 * Version nibble 4: Circle documents its idempotency keys as v4. Parts are length-prefixed, so ("ab","c") and
 * ("a","bc") differ.
 */
function derivedUuid(...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join("-");
}

/** The task is the unit that is paid once: its payment's id follows from it. */
export function paymentIdOf(platformId: string, taskId: string): string {
  return derivedUuid("payment", platformId, taskId);
}

/** An event published again is the same event. */
export function eventIdOf(
  paymentId: string,
  generation: number,
  kind: "completed" | "failed",
): string {
  return derivedUuid("event", paymentId, String(generation), kind);
}

/**
 * The idempotency key, and the id, of a payment's n-th plain transfer in this generation. After a restored backup the
 * same send has the same key, so that Circle knows it again.
 */
export function transferKeyOf(paymentId: string, generation: number, sendNumber: number): string {
  return derivedUuid("transfer", paymentId, String(generation), String(sendNumber));
}

/** GigStream's own key, where the caller gives none. */
export function derivedIdempotencyKey(taskId: string, workerId: string): string {
  return createHash("sha256").update(`${taskId}-${workerId}-payment`).digest("hex");
}

/** The event id of a request that names none: the same request has the same one. */
export function derivedEventId(platformId: string, idempotencyKey: string): string {
  return derivedUuid("request", platformId, idempotencyKey);
}

/** The id of a bulk that names none: the same list has the same one. */
export function bulkIdOf(itemFingerprints: readonly string[]): string {
  return derivedUuid("bulk", ...itemFingerprints);
}

/**
 * A record read again is the same dead letter. The value's hash is part of it, because a topic made anew gives the
 * same offsets to other records.
 */
export function deadLetterIdOf(
  place: { readonly topic: string; readonly partition: number; readonly offset: bigint },
  valueHash: Buffer,
): string {
  const { topic, partition, offset } = place;
  return derivedUuid("dead-letter", topic, `${partition}`, `${offset}`, valueHash.toString("hex"));
}

/** A payment's id as PayOnce knows it: the UUID's 16 bytes, left-padded with zeros to 32. */
export function refOf(paymentId: string): `0x${string}` {
  return `0x${paymentId.replaceAll("-", "").padStart(64, "0")}`;
}

/** The payment id behind a PayOnce ref; undefined where it cannot be one of ours. */
export function paymentIdOfRef(ref: string): string | undefined {
  const match = /^0x0{32}([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(
    ref.toLowerCase(),
  );
  return match?.slice(1).join("-");
}
