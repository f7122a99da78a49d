import { z } from "zod";
import { newId } from "../ids.ts";
import { testDelivery } from "../webhooks/announce.ts";
import { probe, type Delivery, type DeliverDeps } from "../webhooks/deliver.ts";
import { keyView, type WebhookKey } from "../webhooks/signature.ts";
import {
  subscriptionView,
  type Subscription,
  type Subscriptions,
} from "../webhooks/subscriptions.ts";
import { CircleError, invalidParameters } from "./circle-error.ts";
import { idOf, parse } from "./parse.ts";
import type { ApiRequest, Route } from "./route.ts";

/** More than anybody needs, few enough to notify all of them. */
const SUBSCRIPTIONS_MAX = 20;

const createBody = z.object({
  endpoint: z.url({ protocol: /^https?$/ }),
  notificationTypes: z.array(z.string()).default(["*"]),
});
const updateBody = z.object({ name: z.string(), enabled: z.boolean() });

export interface SubscriptionRouteDeps extends DeliverDeps {
  readonly subscriptions: Subscriptions;
  readonly key: WebhookKey;
  readonly deliver: (delivery: Delivery) => Promise<void>;
}

/** The endpoints of webhook subscriptions and of the key that notifications are signed with. */
export function subscriptionRoutes(deps: SubscriptionRouteDeps): Route[] {
  const { subscriptions, key } = deps;
  const base = "/v2/notifications/subscriptions";
  const find = (request: ApiRequest): Subscription => {
    const found = subscriptions.get(idOf(request.params));
    if (found === undefined) throw notFound("subscription");
    return found;
  };
  return [
    { method: "POST", template: base, handle: (request) => subscribe(deps, request) },
    {
      method: "GET",
      template: base,
      handle: () => ({ status: 200, data: [...subscriptions.values()].map(subscriptionView) }),
    },
    {
      method: "GET",
      template: `${base}/:id`,
      handle: (request) => ({ status: 200, data: subscriptionView(find(request)) }),
    },
    {
      method: "PATCH",
      template: `${base}/:id`,
      handle: async (request) => {
        const subscription = find(request);
        const changes = parse(updateBody, request.body, "body");
        Object.assign(subscription, changes, { updatedAtMs: Date.now() });
        if (subscription.enabled) await check(deps, subscription);
        return { status: 200, data: subscriptionView(subscription) };
      },
    },
    {
      method: "DELETE",
      template: `${base}/:id`,
      handle: (request) => {
        subscriptions.delete(find(request).id);
        return { status: 204 };
      },
    },
    {
      method: "GET",
      template: "/v2/notifications/publicKey/:id",
      handle: (request) => {
        if (idOf(request.params) !== key.id) throw notFound("public key");
        return { status: 200, data: keyView(key) };
      },
    },
  ];
}

async function subscribe(deps: SubscriptionRouteDeps, request: ApiRequest) {
  const { endpoint, notificationTypes } = parse(createBody, request.body, "body");
  if (deps.subscriptions.size >= SUBSCRIPTIONS_MAX) {
    throw new CircleError(409, -1, "Too many subscriptions.");
  }
  const nowMs = Date.now();
  const subscription: Subscription = {
    id: newId(5),
    name: "",
    endpoint,
    enabled: true,
    notificationTypes,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  await check(deps, subscription);
  deps.subscriptions.set(subscription.id, subscription);
  return { status: 201, data: subscriptionView(subscription) };
}

/** HEAD, and only if that is answered the test notification, which nobody waits for. */
async function check(deps: SubscriptionRouteDeps, subscription: Subscription): Promise<void> {
  if (!(await probe(deps, subscription.endpoint))) {
    const message = "endpoint did not answer a HEAD request";
    throw invalidParameters([
      { error: "invalid_value", message, location: "body", field: "endpoint" },
    ]);
  }
  void deps.deliver(testDelivery(deps.key, subscription));
}

function notFound(what: string): CircleError {
  return new CircleError(404, -1, `Cannot find target ${what} in the system.`);
}
