import { circleDate } from "../ids.ts";

export interface Subscription {
  readonly id: string;
  readonly endpoint: string;
  readonly notificationTypes: readonly string[];
  readonly createdAtMs: number;
  name: string;
  enabled: boolean;
  updatedAtMs: number;
}

export type Subscriptions = Map<string, Subscription>;

/** Whether a subscription wants this type: "*" wants all, "transactions.*" all of its family. */
export function wants({ enabled, notificationTypes }: Subscription, type: string): boolean {
  if (!enabled) return false;
  return notificationTypes.some(
    (wanted) =>
      wanted === "*" ||
      wanted === type ||
      (wanted.endsWith(".*") && type.startsWith(wanted.slice(0, -1))),
  );
}

/** A subscription as Circle writes it. */
export function subscriptionView(subscription: Subscription): Record<string, unknown> {
  const { id, name, endpoint, enabled, notificationTypes } = subscription;
  return {
    id,
    name,
    endpoint,
    enabled,
    createDate: circleDate(subscription.createdAtMs),
    updateDate: circleDate(subscription.updatedAtMs),
    notificationTypes,
    restricted: !notificationTypes.includes("*"),
  };
}
