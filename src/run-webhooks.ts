import type { WebhookPort } from "./http/webhook-port.ts";
import type { RestoreWatch } from "./restore/watch-restores.ts";
import type { Connected } from "./stage-deps.ts";
import { sweep } from "./sweep.ts";
import { until } from "./until.ts";
import { createAddressRules } from "./webhooks/address-rules.ts";
import { createPoster } from "./webhooks/post-message.ts";
import { createHostResolver } from "./webhooks/resolve-host.ts";
import { runFanOut } from "./webhooks/run-fan-out.ts";
import { runSender } from "./webhooks/run-sender.ts";
import { TIDY_EVERY_MS, tidyUp } from "./webhooks/tidy-up.ts";

/** Beyond the time-out: to claim, to begin and to write down what came of it. */
const LEASE_MARGIN_MS = 5_000;

interface Webhooks {
  readonly watch: Pick<RestoreWatch, "checked">;
  /** The API's own: what it vets a receiver by is what the sender connects by. */
  readonly webhooks: WebhookPort;
}

/**
 * Outcomes → the platforms' receivers, beside the line and on every instance: what is new is made into deliveries, what is
 * due is sent, what is old is forgotten. Until the signal aborts; never rejects.
 */
export async function runWebhooks(
  connected: Connected,
  { watch, webhooks }: Webhooks,
  signal: AbortSignal,
): Promise<void> {
  const { config, log, metrics, pool, codec, webhookBells } = connected;
  const { rules, resolve, due } = webhooks;
  const timeoutMs = config.WEBHOOK_TIMEOUT_MS;
  const poster = createPoster({ timeoutMs, rules, resolve });
  const leaseMs = timeoutMs + LEASE_MARGIN_MS;
  await until(watch.checked, signal).catch(() => undefined);
  await Promise.all([
    runFanOut({ pool, log, codec }, webhookBells, signal),
    runSender({ pool, log, metrics, poster, due, leaseMs }, signal),
    sweep(
      { log, everyMs: TIDY_EVERY_MS },
      "webhooks that are done with",
      () => tidyUp({ pool, log, metrics }),
      signal,
    ),
  ]);
  poster.close();
}

/** One for the whole process. */
export function webhookPort({ config, webhookBells }: Connected): WebhookPort {
  return {
    rules: createAddressRules(config.WEBHOOK_ALLOWED_CIDRS ?? []),
    resolve: createHostResolver(),
    due: webhookBells.due,
  };
}
