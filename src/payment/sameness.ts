import { createHash } from "node:crypto";
import { formatMicros, type Micros } from "./money.ts";

/** What must agree for a repeat to be the same payment; `occurredAt` and the event's id are outside it. */
export interface Identity {
  readonly platformId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly amount: Micros;
  readonly currency: string;
  /** The caller's own, or the derived one: a caller who sends the derived key himself says the same. */
  readonly idempotencyKey: string;
}

export type IdentityField = keyof Identity;

const FIELDS = [
  "platformId",
  "taskId",
  "workerId",
  "amount",
  "currency",
  "idempotencyKey",
] as const satisfies readonly IdentityField[];

/** The first field in which the two differ; undefined: they are the same payment. */
export function firstDifference(one: Identity, other: Identity): IdentityField | undefined {
  return FIELDS.find((field) => one[field] !== other[field]);
}

/** A fingerprint that is equal exactly where `firstDifference` finds nothing; the inbox keeps it per event id. */
export function payloadHashOf(identity: Identity): Buffer {
  const hash = createHash("sha256");
  for (const field of FIELDS) {
    const value = identity[field];
    const part = typeof value === "bigint" ? formatMicros(value) : value;
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return hash.digest();
}
