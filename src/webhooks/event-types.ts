/** What an endpoint may ask to be told of; a `test` comes only when somebody asks for one. */
export const WEBHOOK_EVENT_TYPES = ["payment.completed", "payment.failed"] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];

export const TEST_TYPE = "test";

export const DELIVERY_STATUSES = ["pending", "delivered", "exhausted"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Why an endpoint is told nothing: its platform wished it, the receiver said 410, or too much waited for it. */
export const DISABLED_REASONS = ["requested", "gone", "backlog"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];
