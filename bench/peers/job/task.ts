import { createHash } from "node:crypto";
import { readSchema } from "../../../sandbox/traffic/avro.ts";

/** A task as the engines carry it: all of it JSON. */
export interface Task {
  readonly paymentId: string;
  readonly eventId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly platformId: string;
  /** In whole units, six decimals. */
  readonly amount: string;
  readonly currency: string;
  readonly occurredAtMs: number;
}

const { type } = readSchema("task.completed.v1");
/** Confluent's frame: a zero byte and the schema's id. */
const HEAD_BYTES = 5;

/** The task of a record of `task.completed`. */
export function decodeTask(value: Uint8Array): Task {
  const event = type.fromBuffer(Buffer.from(value.subarray(HEAD_BYTES))) as {
    eventId: string;
    taskId: string;
    workerId: string;
    platformId: string;
    amount: bigint;
    currency: string;
    occurredAt: number;
  };
  const { eventId, taskId, workerId, platformId, currency, occurredAt: occurredAtMs } = event;
  const ids = { paymentId: uuidOf("payment", platformId, taskId), eventId, taskId, workerId };
  return { ...ids, platformId, amount: formatMicros(event.amount), currency, occurredAtMs };
}

/** The same parts, the same id: what an engine runs twice is the same payment. */
export function uuidOf(...parts: readonly string[]): string {
  const hex = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");
}

export function formatMicros(micros: bigint): string {
  const digits = String(micros).padStart(7, "0");
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

export function parseMicros(amount: string): bigint {
  return BigInt(amount.replace(".", ""));
}
