import { z } from "zod";
import { assertOwn } from "../own-platform.ts";
import { hasEnded, pay, waitSecondsOf } from "../pay.ts";
import { defineRoute } from "../route.ts";
import { payment } from "../schemas/payment.ts";
import { opaqueId } from "../schemas/primitives.ts";
import { completedTask } from "../schemas/task.ts";
import { submissionOf } from "../submission-of.ts";

const HEADERS = {
  Location: "Where the payment is found",
  "Idempotent-Replayed": "`true` where the payment was there already and nothing was done",
  "Preference-Applied": "How long the answer may have waited for the outcome",
};

const payingHeaders = z.object({
  "Idempotency-Key": opaqueId.optional().meta({
    description:
      "The payment's key, kept for ever; derived from task and worker unless given. The same key with other content is refused",
  }),
  Prefer: z.string().max(256, "Give at most 256 characters.").optional().meta({
    description:
      "`wait=N`: answer once the payment has ended, after N seconds (10 at most) at the latest",
    example: "wait=5",
  }),
  traceparent: z
    .string()
    .optional()
    .meta({ description: "W3C trace context; it is carried on into the outgoing event" }),
});

/** GigStream's executeInstantPayment. */
export const createPayment = defineRoute({
  method: "POST",
  path: "/v1/payments",
  operationId: "createPayment",
  tag: "Payments",
  summary: "Pay a completed task",
  description: `Pays the worker of a completed task, once: the task is the unit that is paid. Repeating the call is safe and
answers the same payment. What speaks against paying (an unknown worker, a wrong amount) makes a payment that has
\`failed\` and says why; only what is malformed, or contradicts what was accepted before, is refused.

\`202\` means durable, not yet paid: with \`Prefer: wait=5\` the answer is usually \`200\` and the outcome. Anything but
\`failed\` may still be paid: do not pay again by other means.`,
  access: { scope: "payments:write" },
  headers: payingHeaders,
  body: completedTask,
  answers: {
    200: { description: "It has ended, or was there already", body: payment, headers: HEADERS },
    202: { description: "Accepted and on its way", body: payment, headers: HEADERS },
  },
  problems: ["not_found", "idempotency_key_conflict", "task_has_payment", "event_id_conflict"],
})(async ({ deps, key, headers, body, request }) => {
  assertOwn(key, body.platformId, "platform");
  const waitSeconds = waitSecondsOf(headers.Prefer);
  const submission = submissionOf(body, {
    idempotencyKey: headers["Idempotency-Key"],
    traceparent: headers.traceparent,
  });
  const { isNew, payment } = await pay(deps, submission, {
    waitSeconds,
    signal: request.signal,
    isEventNamed: body.eventId !== undefined,
  });
  const hasWaited = waitSeconds > 0 && hasEnded(payment);
  return {
    status: isNew && !hasWaited ? 202 : 200,
    body: payment,
    headers: {
      location: `/v1/payments/${payment.id}`,
      ...(!isNew && { "idempotent-replayed": "true" }),
      ...(waitSeconds > 0 && { "preference-applied": `wait=${waitSeconds}` }),
    },
  };
});
