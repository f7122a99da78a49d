import { verify } from "node:crypto";
import { z } from "zod";
import type { NOTIFICATION_OUTCOMES } from "../metrics/catalogue/labels.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { NotificationKeys } from "./notification-keys.ts";

/** As it came: nothing of it is believed yet. */
interface SentNotification {
  readonly bytes: Buffer;
  /** Base64 of the DER signature over the bytes. */
  readonly signature: string;
  readonly keyId: string;
  /** The address that it came from, as far as that is known. */
  readonly sender: string;
}

type NotificationOutcome = (typeof NOTIFICATION_OUTCOMES)[number];

/** Where Circle's notifications come in. */
export interface NotificationInbox {
  receive(sent: SentNotification): Promise<NotificationOutcome>;
}

interface NotificationInboxDeps {
  readonly keys: NotificationKeys;
  readonly metrics: Pick<Metrics, "circleNotifications" | "circleHints">;
  /** Wakes whoever asks Circle how its sends are. */
  readonly onHint: () => void;
}

/** An hour of an account at full speed; one that is forgotten and comes again costs a look at Circle, and no more. */
const REMEMBERED_MAX = 10_000;

/** A transaction that Circle has not sent yet: nothing that we know less of than before. */
const ON_THE_WAY: readonly unknown[] = ["INITIATED", "QUEUED", "CLEARED"];

const envelope = z.object({
  notificationId: z.string(),
  notificationType: z.string(),
  notification: z.object({ state: z.string() }).partial().catch({}),
});

interface Judgement {
  readonly outcome: NotificationOutcome;
  readonly isHint?: boolean;
}

/**
 * Takes Circle's notifications, and never their word: whatever one says, all that it does is to have Circle asked sooner. So
 * an old one, one out of order, or one about somebody else's transaction (other accounts may have the same key) harms nobody.
 */
export function createNotificationInbox(deps: NotificationInboxDeps): NotificationInbox {
  const seen = new Set<string>();

  async function judge({ bytes, signature, keyId, sender }: SentNotification): Promise<Judgement> {
    const key = await deps.keys.find(keyId, sender);
    if (!key) return { outcome: "unknown_key" };
    if (!verify("sha256", bytes, key, Buffer.from(signature, "base64"))) {
      return { outcome: "forged" };
    }
    const said = read(bytes);
    // Circle has signed it, and would send for hours what we do not take.
    if (!said) return { outcome: "accepted" };
    // Its ids are all zero, each time.
    if (said.notificationType === "webhooks.test") return { outcome: "test" };
    if (seen.has(said.notificationId)) return { outcome: "duplicate" };
    remember(said.notificationId);
    return { outcome: "accepted", isHint: isHint(said) };
  }

  function remember(id: string): void {
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > REMEMBERED_MAX && oldest !== undefined) seen.delete(oldest);
  }

  return {
    async receive(sent) {
      const { outcome, isHint = false } = await judge(sent);
      deps.metrics.circleNotifications.add({ outcome });
      if (isHint) {
        deps.metrics.circleHints.add({});
        deps.onHint();
      }
      return outcome;
    },
  };
}

function read(bytes: Buffer): z.infer<typeof envelope> | undefined {
  try {
    return envelope.parse(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}

function isHint({ notificationType, notification }: z.infer<typeof envelope>): boolean {
  return notificationType.startsWith("transactions.") && !ON_THE_WAY.includes(notification.state);
}
