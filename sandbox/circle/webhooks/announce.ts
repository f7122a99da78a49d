import { setTimeout as delay } from "node:timers/promises";
import type { Faults } from "../control/faults.ts";
import type { FaultOf } from "../control/fault-spec.ts";
import { newId } from "../ids.ts";
import type { TransactionRecord } from "../transactions/transaction.ts";
import { transactionView } from "../transactions/transaction-view.ts";
import type { Delivery } from "./deliver.ts";
import { createWebhookKey, signBody, type WebhookKey } from "./signature.ts";
import { wants, type Subscription, type Subscriptions } from "./subscriptions.ts";

const TYPE = "transactions.outbound";
const NOBODY = "00000000-0000-0000-0000-000000000000";
/** Longer than two states usually are apart, so that a later notification overtakes. */
const LATE_MS = 1_500;

export interface AnnounceDeps {
  readonly subscriptions: Subscriptions;
  readonly key: WebhookKey;
  readonly faults: Faults;
  readonly deliver: (delivery: Delivery) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Notifies every subscription of a transaction's new state, once, unless a fault does worse. */
export function createAnnouncer(deps: AnnounceDeps): (record: TransactionRecord) => void {
  const stranger = createWebhookKey();
  return (record) => {
    for (const subscription of deps.subscriptions.values()) {
      if (!wants(subscription, TYPE)) continue;
      const envelope = envelopeOf(subscription, TYPE, transactionView(record));
      const fault = deps.faults.take("webhook", {
        transactionId: record.id,
        walletId: record.wallet.id,
        refId: record.request.refId,
        state: record.progress.state,
      });
      const delivery = deliveryOf(deps.key, subscription, envelope);
      void dispatch(deps, spoil(delivery, stranger, fault), fault);
    }
  };
}

/** The notification that a new or changed subscription gets: all ids zero, nothing in it. */
export function testDelivery(key: WebhookKey, subscription: Subscription): Delivery {
  const envelope = envelopeOf(subscription, "webhooks.test", { hello: "world" });
  return deliveryOf(key, subscription, {
    ...envelope,
    subscriptionId: NOBODY,
    notificationId: NOBODY,
  });
}

async function dispatch(
  { deliver, signal }: AnnounceDeps,
  delivery: Delivery,
  fault: FaultOf<"webhook"> | undefined,
): Promise<void> {
  if (fault?.mode === "drop") return;
  if (fault?.mode === "late") {
    await delay(fault.delayMs ?? LATE_MS, undefined, { signal }).catch(() => undefined);
  }
  await deliver(delivery);
  if (fault?.mode === "duplicate") await deliver(delivery);
}

/** What a fault does to the bytes or their signature; the notification itself never arrives unspoilt then. */
function spoil(
  delivery: Delivery,
  stranger: WebhookKey,
  fault: FaultOf<"webhook"> | undefined,
): Delivery {
  const { body } = delivery;
  if (fault?.mode === "tamper") {
    return { ...delivery, body: body.replace(/"state":"[A-Z]+"/, '"state":"FAILED"') };
  }
  if (fault?.mode === "forge") return { ...delivery, signature: signBody(stranger, body) };
  if (fault?.mode === "unknownKey") {
    return { ...delivery, signature: signBody(stranger, body), keyId: stranger.id };
  }
  return delivery;
}

function envelopeOf(subscription: Subscription, notificationType: string, notification: object) {
  return {
    subscriptionId: subscription.id,
    notificationId: newId(7),
    notificationType,
    notification,
    timestamp: new Date().toISOString(),
    version: 2,
  };
}

function deliveryOf(key: WebhookKey, { endpoint }: Subscription, envelope: object): Delivery {
  const body = JSON.stringify(envelope);
  return { url: endpoint, body, signature: signBody(key, body), keyId: key.id };
}
