import { derivedEventId, derivedIdempotencyKey } from "../payment/ids.ts";
import type { Submission } from "../payment/submission.ts";
import type { CompletedTask } from "./schemas/task.ts";

/** A completed task on its way into the accept commit. */
export function submissionOf(
  task: CompletedTask,
  {
    idempotencyKey,
    traceparent,
  }: { idempotencyKey?: string | undefined; traceparent?: string | undefined },
): Submission {
  const { platformId, taskId, workerId, amount, currency, occurredAt, eventId } = task;
  const key = idempotencyKey ?? derivedIdempotencyKey(taskId, workerId);
  return {
    source: { kind: "http" },
    origin: "live",
    receivedAtMs: performance.now(),
    traceparent,
    decoded: {
      ok: true,
      event: {
        eventId: eventId ?? derivedEventId(platformId, key),
        occurredAt: occurredAt ?? new Date(),
        platformId,
        taskId,
        workerId,
        amount,
        currency,
        idempotencyKey: idempotencyKey ?? null,
      },
    },
  };
}
