import { z } from "zod";
import {
  DELIVERY_STATUSES,
  DISABLED_REASONS,
  WEBHOOK_EVENT_TYPES,
} from "../../webhooks/event-types.ts";
import { opaqueId, time } from "./primitives.ts";

const url = z.string().min(1, "Give a URL.").max(2_048, "Give at most 2,048 characters.").meta({
  description: "`https://`, port 443 or 8443, a public address; no user name, password or fragment",
  example: "https://hooks.example/payments",
});

const eventTypes = z
  .array(z.enum(WEBHOOK_EVENT_TYPES))
  .min(1, "Name at least one event type.")
  .max(WEBHOOK_EVENT_TYPES.length, "Name each event type once.")
  .refine((types) => new Set(types).size === types.length, "Name each event type once.")
  .meta({
    description: "What it is told of",
    example: [...WEBHOOK_EVENT_TYPES],
    uniqueItems: true,
  });

export const webhookEndpointIn = z
  .strictObject({
    url,
    eventTypes,
    platformId: opaqueId
      .optional()
      .meta({ description: "Needed with a key for all platforms; a platform's own key knows it" }),
  })
  .meta({ id: "WebhookEndpointIn" });

export const webhookEndpointChange = z
  .strictObject({
    url: url.optional(),
    eventTypes: eventTypes.optional(),
    enabled: z
      .boolean()
      .optional()
      .meta({ description: "`false` stops telling it; what waits for it goes on with `true`" }),
  })
  .meta({ id: "WebhookEndpointChange" });

const endpointMembers = {
  id: z.guid(),
  platformId: z.string(),
  url: z.string(),
  eventTypes: z.array(z.enum(WEBHOOK_EVENT_TYPES)),
  disabled: z
    .object({ since: time, reason: z.enum(DISABLED_REASONS) })
    .nullable()
    .meta({
      description:
        "`requested`: by the platform; `gone`: the receiver answered 410; `backlog`: more than 100,000 deliveries waited for it",
    }),
  failingSince: time
    .nullable()
    .meta({ description: "Since when no try has come through; null while all is well" }),
  secretRotatedAt: time,
  previousSecretUntil: time
    .nullable()
    .meta({ description: "Until when the secret before signs as well" }),
  createdAt: time,
  updatedAt: time,
};

export const webhookEndpoint = z.object(endpointMembers).meta({ id: "WebhookEndpoint" });

const secret = z
  .string()
  .meta({ description: "What deliveries are signed with; shown this once", example: "whsec_…" });

export const createdWebhookEndpoint = z
  .object({ ...endpointMembers, secret })
  .meta({ id: "WebhookEndpointCreated" });

export const rotatedWebhookSecret = z
  .object({ endpointId: z.guid(), secret, previousSecretUntil: time })
  .meta({ id: "RotatedWebhookSecret" });

export const webhookDelivery = z
  .object({
    id: z.guid(),
    endpointId: z.guid(),
    platformId: z.string(),
    webhookId: z
      .guid()
      .meta({ description: "`webhook-id`: the event's id, the same over all tries and endpoints" }),
    eventType: z.string().meta({ example: WEBHOOK_EVENT_TYPES[0] }),
    status: z.enum(DELIVERY_STATUSES).meta({
      description:
        "`pending`: a try is due or under way; `delivered`: answered with 2xx; `exhausted`: ten tries did not come through",
    }),
    attempts: z.int(),
    nextAttemptAt: time.nullable(),
    lastAttemptAt: time.nullable(),
    lastOutcome: z.string().nullable().meta({
      description: "delivered, rejected, gone, timeout, unreachable, forbidden or stopped",
    }),
    lastStatusCode: z.int().nullable(),
    lastDurationMs: z.int().nullable(),
    deliveredAt: time.nullable(),
    createdAt: time,
  })
  .meta({ id: "WebhookDelivery" });
