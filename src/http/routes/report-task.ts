import { z } from "zod";
import { readSecrets } from "../../directory/platform-secret.ts";
import { parseJson } from "../parse-json.ts";
import { pay } from "../pay.ts";
import { invalidPart, invalidPlace } from "../request-errors.ts";
import { defineRoute } from "../route.ts";
import { payment } from "../schemas/payment.ts";
import { opaqueId } from "../schemas/primitives.ts";
import { completedTask } from "../schemas/task.ts";
import { submissionOf } from "../submission-of.ts";
import { verifyWebhook } from "../verify-webhook.ts";

/** Much more than a task needs, and little enough to hash before anybody is known. */
const BODY_LIMIT_BYTES = 16_384;

const named = z.object({ platformId: opaqueId });

export const reportTask = defineRoute({
  method: "POST",
  path: "/v1/webhooks/task-completed",
  operationId: "reportTask",
  tag: "Payments",
  summary: "Report a completed task by webhook",
  description: `The same as paying it, without an API key: the platform signs with its webhook secret (Standard Webhooks:
HMAC-SHA256 of \`{webhook-id}.{webhook-timestamp}.{body}\` over the bytes as they are sent). \`webhook-id\` is the event's id.
Sending it again is safe.`,
  access: "signed",
  headers: z.object({
    "webhook-id": opaqueId.meta({ description: "The event's id" }),
    "webhook-timestamp": z
      .string()
      .regex(/^\d{1,12}$/, "Give seconds since 1970.")
      .meta({ description: "Seconds since 1970; at most five minutes off" }),
    "webhook-signature": z
      .string()
      .max(2_000, "Give at most 2,000 characters.")
      .meta({ description: "`v1,` and the signature in base64; several with spaces between" }),
  }),
  body: completedTask,
  bodyLimit: BODY_LIMIT_BYTES,
  answers: {
    200: { description: "It was there already", body: payment },
    202: { description: "Accepted and on its way", body: payment },
  },
  problems: [
    "signature_invalid",
    "timestamp_out_of_tolerance",
    "event_id_conflict",
    "idempotency_key_conflict",
    "task_has_payment",
  ],
})(async ({ deps, headers, request }) => {
  const sent = parseJson(request.rawBody);
  const claimed = named.safeParse(sent);
  const secrets = claimed.success ? await readSecrets(deps.pool, claimed.data.platformId) : [];
  verifyWebhook(request.rawBody, headers, secrets);
  const { success, data: task, error } = completedTask.safeParse(sent);
  if (!success) throw invalidPart("body", error);
  const eventId = headers["webhook-id"];
  if (task.eventId !== undefined && task.eventId !== eventId) {
    const detail = "It differs from webhook-id, which is the event's id.";
    throw invalidPlace({ in: "body", pointer: "/eventId", code: "invalid", detail });
  }
  const submission = submissionOf({ ...task, eventId }, {});
  const { isNew, payment } = await pay(deps, submission, {
    waitSeconds: 0,
    signal: request.signal,
    isEventNamed: true,
  });
  return { status: isNew ? 202 : 200, body: payment };
});
