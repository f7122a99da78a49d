import { z } from "zod";
import { parseEventId } from "../../live/event-id.ts";
import { LIVE_TYPES } from "../../live/live-event.ts";
import { defineRoute } from "../route.ts";
import { eventStream, liveTypes } from "../schemas/live.ts";
import { opaqueId, uuid } from "../schemas/primitives.ts";

export const streamEvents = defineRoute({
  method: "GET",
  path: "/v1/events",
  operationId: "streamEvents",
  tag: "Payments",
  summary: "Hear what becomes of payments, live",
  description: `Server-sent events. \`payment.completed\` and \`payment.failed\` carry an \`id\`: connect again with the last one
as \`Last-Event-ID\`, to whichever instance, and all that came since is sent first, in the same order, for 7 days.
\`payment.accepted\`, \`payment.planned\`, \`payment.sent\` and \`payment.review\` are hints: without an id, not sent again, and one
may be missing. Every 15 s a block without data moves the id on. Whoever takes nothing in meanwhile, or whose key is revoked, gets
\`event: dropped\` and is disconnected. A key of one platform hears of its own payments.`,
  access: { scope: "payments:read" },
  query: z.strictObject({
    types: liveTypes,
    workerId: opaqueId.optional().meta({ description: "Only this worker's" }),
    paymentId: uuid.optional().meta({ description: "Only this payment's" }),
  }),
  headers: z.object({
    "Last-Event-ID": z
      .string()
      .transform((text, context) => {
        // EventSource sends nothing where it has none; others send nothing in it.
        if (text === "") return undefined;
        const id = parseEventId(text);
        if (id) return id;
        const message = "Give an id as it came with an event.";
        context.issues.push({ code: "custom", message, input: text });
        return z.NEVER;
      })
      .optional()
      .meta({
        override: { type: "string" },
        description: "The id of the last event that was met",
        example: "1f0c22ab-42",
      }),
  }),
  answers: {
    200: {
      description: "Events, until somebody ends it",
      body: eventStream,
      mediaType: "text/event-stream; charset=utf-8",
    },
  },
  problems: ["event_history_expired"],
  isStream: true,
})(async ({ deps, key, query, headers, request }) => {
  const { types = LIVE_TYPES, workerId = null, paymentId = null } = query;
  const order = { types: new Set(types), platformId: key.platformId, workerId, paymentId };
  const body = await deps.live.open({
    keyId: key.id,
    order,
    lastEventId: headers["Last-Event-ID"],
    signal: request.signal,
  });
  // nginx and its kin would gather a buffer's worth before they pass anything on.
  return { status: 200, body, headers: { "x-accel-buffering": "no" } };
});
