import { Readable } from "node:stream";
import { z } from "zod";
import { LIVE_TYPES } from "../../live/live-event.ts";
import { failure } from "./payment.ts";
import { amount, generation, time } from "./primitives.ts";

const TYPES_RULE = `Give some of ${LIVE_TYPES.join(", ")}, separated by commas.`;

const isLiveType = z.enum(LIVE_TYPES);

export const liveTypes = z
  .string()
  .transform((text, context) => {
    const { success, data } = z.array(isLiveType).min(1).safeParse(text.split(","));
    if (success) return data;
    context.issues.push({ code: "custom", message: TYPES_RULE, input: text });
    return z.NEVER;
  })
  .optional()
  .meta({
    override: { type: "string" },
    description: `All unless given: ${LIVE_TYPES.join(", ")}, separated by commas`,
    example: "payment.completed,payment.failed",
  });

/** The `data` of an event. */
export const liveEvent = z
  .object({
    type: isLiveType,
    at: time,
    eventId: z.guid().nullable().meta({ description: "Its event's in Kafka; null for a hint" }),
    paymentId: z.guid(),
    generation,
    platformId: z.string(),
    workerId: z.string(),
    taskId: z.string(),
    amount,
    currency: z.string(),
    fee: amount.nullable(),
    netAmount: amount.nullable(),
    txHash: z.string().nullable(),
    latencyMs: z.int().nullable(),
    failure: failure.nullable(),
    doubtReason: z.string().nullable(),
  })
  .meta({ id: "LiveEvent" });

/** Not a document: it goes on. */
export const eventStream = z
  .custom<Readable>((value) => value instanceof Readable)
  .meta({
    override: {
      type: "string",
      description: "As the HTML standard's EventSource reads it; each `data` is a LiveEvent",
      contentMediaType: "text/event-stream",
      contentSchema: { $ref: "#/components/schemas/LiveEvent" },
    },
  });
