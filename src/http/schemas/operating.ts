import { z } from "zod";
import { DEAD_LETTER_STATUSES } from "../../queries/list-dead-letters.ts";
import { PAYMENT_STATES } from "../../payment/state.ts";
import { paymentDetail } from "./payment.ts";
import { prose, time } from "./primitives.ts";

export const reason = prose("Say why, without NUL.", 1_000).meta({
  description: "Why; kept in the audit log",
  example: "worker's wallet was corrected",
});

export const reasoned = z.strictObject({ reason }).meta({ id: "Reasoned" });

const check = z
  .object({ name: z.string(), expected: z.string(), actual: z.string(), passed: z.boolean() })
  .meta({ id: "Check" });

export const resolved = z
  .object({ payment: paymentDetail, checks: z.array(check) })
  .meta({ id: "Resolved" });

const letter = {
  id: z.guid(),
  status: z.enum(DEAD_LETTER_STATUSES),
  code: z.string().meta({ description: "Why it was refused, when last it was" }),
  message: z.string(),
  field: z.string().nullable(),
  platformId: z.string().nullable(),
  paymentId: z.guid().nullable().meta({ description: "The payment that it contradicts" }),
  topic: z.string().nullable(),
  partition: z.int().nullable(),
  offset: z.string().nullable(),
  recordedAt: time.nullable(),
  valueBytes: z.int(),
  valueSha256: z.string(),
  createdAt: time,
  replays: z.int(),
  replayedAt: time.nullable(),
  closedAt: time.nullable(),
  closedBy: z.string().nullable(),
  closedReason: z.string().nullable(),
};

export const deadLetter = z.object(letter).meta({ id: "DeadLetter" });

const shownBytes = z
  .object({ base64: z.string(), text: z.string().nullable() })
  .meta({ id: "ShownBytes", description: "As they are, and as text where they are text" });

export const deadLetterDetail = z
  .object({
    ...letter,
    key: shownBytes.nullable(),
    value: shownBytes.nullable(),
    headers: z.record(z.string(), z.unknown()),
    event: z.record(z.string(), z.string().nullable()).nullable(),
    difference: z
      .object({
        field: z.string(),
        letter: z.string().nullable(),
        payment: z.string().nullable(),
      })
      .nullable(),
    history: z.array(
      z.object({
        at: time,
        actor: z.string(),
        action: z.string(),
        details: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .meta({ id: "DeadLetterDetail" });

const letterProblem = z
  .object({ code: z.string(), message: z.string(), field: z.string().nullable() })
  .nullable();

export const replayed = z
  .object({
    dryRun: z.boolean(),
    replayed: z.int(),
    refused: z.int(),
    results: z.array(
      z.object({
        deadLetterId: z.guid(),
        status: z.enum(["replayed", "refused"]),
        verdict: z.enum(["new", "duplicate", "reopened"]).nullable(),
        paymentId: z.guid().nullable(),
        generation: z.int().nullable(),
        state: z.enum(PAYMENT_STATES).nullable(),
        problem: letterProblem,
      }),
    ),
  })
  .meta({ id: "Replayed" });

export const pausing = z
  .object({
    scope: z.string().meta({ description: "A platform's id, or `*` for everything" }),
    state: z.enum(["paused", "running"]),
    changed: z.boolean().meta({ description: "Whether it stood otherwise before" }),
  })
  .meta({ id: "Pausing" });

export const auditEntry = z
  .object({
    id: z.string(),
    at: time,
    actor: z.string(),
    action: z.string(),
    paymentId: z.guid().nullable(),
    generation: z.int().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditEntry" });
