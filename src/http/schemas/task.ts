import { z } from "zod";
import { amountIn, currencyIn, opaqueId, timeIn } from "./primitives.ts";

/** A completed task, as a platform reports it over HTTP: the same as the event on Kafka. */
export const completedTask = z
  .strictObject({
    platformId: opaqueId,
    taskId: opaqueId,
    workerId: opaqueId,
    amount: amountIn,
    currency: currencyIn,
    occurredAt: timeIn.optional().meta({
      description: "When the task was completed; now unless given. No part of what makes a repeat",
    }),
    eventId: opaqueId.optional().meta({
      description:
        "The caller's id of this event; derived from platform and idempotency key unless given",
    }),
  })
  .meta({ id: "CompletedTask" });

export type CompletedTask = z.output<typeof completedTask>;
