import { z } from "zod";
import { opaqueId } from "./primitives.ts";
import { completedTask } from "./task.ts";

export const bulkItem = completedTask
  .extend({
    idempotencyKey: opaqueId
      .optional()
      .meta({ description: "The payment's key; derived from task and worker unless given" }),
  })
  .meta({ id: "BulkItem", unusedIO: "input" });

/** As it came: each is read by itself. The document says what it should be. */
const rawItem = z.unknown().meta({ override: { $ref: "#/components/schemas/BulkItem" } });

/** One that is malformed keeps its place and is rejected with its own words: its neighbours are paid. */
export const bulkIn = z
  .strictObject({ items: z.array(rawItem).min(1).max(500) })
  .meta({ id: "BulkIn" });

const objection = z.object({
  code: z.string(),
  message: z.string(),
  field: z.string().nullable(),
});

export const bulk = z
  .object({
    bulkId: z.guid(),
    accepted: z.int(),
    duplicates: z.int(),
    rejected: z.int(),
    results: z.array(
      z.object({
        index: z.int(),
        status: z.enum(["accepted", "duplicate", "rejected"]),
        paymentId: z
          .guid()
          .nullable()
          .meta({ description: "Of a rejected item: the payment that it contradicts" }),
        problem: objection.nullable().meta({
          description:
            "What keeps it from being paid: why it was rejected, or why its payment has failed",
        }),
      }),
    ),
  })
  .meta({ id: "Bulk" });
