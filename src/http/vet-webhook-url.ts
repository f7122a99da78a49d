import { isIP } from "node:net";
import { judgeUrl, NOT_PUBLIC } from "../webhooks/judge-url.ts";
import { HttpProblem } from "./problems.ts";
import type { WebhookPort } from "./webhook-port.ts";

/**
 * Refuses what can be seen to be forbidden already: who gives it hears of it now. A name that has no address yet may get
 * one; what counts is looked at whenever a webhook is sent. Throws `webhook_url_forbidden`.
 */
export async function vetWebhookUrl(
  { rules, resolve }: Pick<WebhookPort, "rules" | "resolve">,
  text: string,
): Promise<void> {
  const judged = judgeUrl(text, rules);
  if (judged.kind === "forbidden") throw new HttpProblem("webhook_url_forbidden", judged.reason);
  const { host, via } = judged;
  if (isIP(host) !== 0) return;
  const addresses = await resolve(host).catch(() => []);
  if (addresses.length === 0 || addresses.some((address) => rules.permits(address, via))) return;
  throw new HttpProblem("webhook_url_forbidden", NOT_PUBLIC);
}
