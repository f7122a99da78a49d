import { pino } from "pino";
import type { AcceptanceDeps, AcceptanceSettings } from "../../src/acceptance/acceptance-deps.ts";
import type { Database } from "../../src/database/pool.ts";
import type { PaymentFailed, TaskCompleted } from "../../src/payment/events.ts";
import { MICROS_PER_UNIT } from "../../src/payment/money.ts";
import type { Submission, SubmissionSource } from "../../src/payment/submission.ts";
import { addressOf } from "./seed.ts";
import { unobserved } from "./unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

export const TOPIC = "task.completed";

export const tokens = {
  USDC: "0x3600000000000000000000000000000000000000",
  EURC: "0x89b50855aa3be2f677cd6303cec089b5f319d72a",
};

export function acceptanceSettings(changes: Partial<AcceptanceSettings> = {}): AcceptanceSettings {
  return {
    rail: "arc",
    method: "payonce",
    payers: null,
    chainId: 5042002,
    payOnce: addressOf("PayOnce"),
    operators: [addressOf("operator")],
    tokens,
    currencies: ["USDC", "EURC"],
    minAmount: MICROS_PER_UNIT,
    maxAmount: 10_000n * MICROS_PER_UNIT,
    fees: { defaultRate: 25_000n, tiers: [] },
    retryDelaysMs: [2_000, 4_000, 6_000],
    risk: { workerDailyAmount: null, workerHourlyCount: null, platformDailyAmount: null },
    topics: { paymentFailed: "payment.failed", deadLetters: "task.completed.dlq" },
    ...changes,
  };
}

export interface TestAcceptance extends AcceptanceDeps {
  /** Every `announce`, in order. */
  readonly announced: string[];
  readonly adopted: string[];
}

/** Acceptance over a real database; events are encoded as JSON, so that tests can read them. */
export function acceptanceOver(
  pool: Database,
  changes: Partial<AcceptanceSettings> = {},
): TestAcceptance {
  const announced: string[] = [];
  const adopted: string[] = [];
  return {
    pool,
    log: pino({ level: "silent" }),
    metrics: unobserved,
    tracing: untraced,
    settings: acceptanceSettings(changes),
    encodePaymentFailed: encodeAsJson,
    async adopt(_, paymentIds) {
      return () => adopted.push(...paymentIds);
    },
    announce: (stage) => announced.push(stage),
    announced,
    adopted,
  };
}

function encodeAsJson(event: PaymentFailed): Buffer {
  return Buffer.from(
    JSON.stringify(event, (_, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    ),
  );
}

/** Micro-units of a whole amount. */
export function units(amount: number): bigint {
  return BigInt(amount) * MICROS_PER_UNIT;
}

export function taskCompleted(changes: Partial<TaskCompleted> = {}): TaskCompleted {
  const taskId = changes.taskId ?? "task-1";
  return {
    eventId: `event-of-${taskId}`,
    occurredAt: new Date("2026-03-01T12:00:00.000Z"),
    taskId,
    workerId: "worker-1",
    platformId: "platform-1",
    amount: units(50),
    currency: "USDC",
    idempotencyKey: null,
    ...changes,
  };
}

/** A record at an offset of its own, as Kafka delivers it. */
export function fromKafka(
  decoded: TaskCompleted | { code: string; message: string },
  place: Partial<Extract<SubmissionSource, { kind: "kafka" }>> & { offset: bigint },
): Submission {
  return {
    source: {
      kind: "kafka",
      topic: TOPIC,
      partition: 0,
      timestamp: new Date("2026-03-01T12:00:00.100Z"),
      key: Buffer.from("key"),
      value: Buffer.from(`value at ${place.offset}`),
      headers: {},
      ...place,
    },
    origin: "live",
    receivedAtMs: performance.now(),
    decoded:
      "code" in decoded
        ? { ok: false, code: decoded.code, message: decoded.message }
        : { ok: true, event: decoded },
  };
}

export function fromHttp(event: TaskCompleted): Submission {
  return {
    source: { kind: "http" },
    origin: "live",
    receivedAtMs: performance.now(),
    decoded: { ok: true, event },
  };
}

/** Records of partition 0, from an offset on, with the move that makes them durable. */
export function batchOf(
  events: readonly TaskCompleted[],
  from = 0n,
  expected: bigint | null = null,
) {
  const submissions = events.map((event, index) =>
    fromKafka(event, { offset: from + BigInt(index) }),
  );
  const next = from + BigInt(events.length);
  return { submissions, offsets: [{ topic: TOPIC, partition: 0, expected, next }] };
}
