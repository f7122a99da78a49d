import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { HttpProblem } from "./problems.ts";

/**
 * Standard Webhooks: `{id}.{timestamp}.{body}` signed with one of these secrets over the bytes as they came, at most five
 * minutes off. Throws `signature_invalid` and `timestamp_out_of_tolerance`, and says nothing of which secrets there are.
 */
export function verifyWebhook(
  bytes: Buffer,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
): void {
  let isLate = false;
  for (const secret of secrets) {
    try {
      new Webhook(secret).verify(bytes, headers, { jsonParse: false });
      return;
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      isLate ||= error.message.includes("timestamp too");
    }
  }
  if (isLate) {
    throw new HttpProblem(
      "timestamp_out_of_tolerance",
      "webhook-timestamp is over five minutes off.",
    );
  }
  throw new HttpProblem("signature_invalid", "webhook-signature does not fit what was sent.");
}
