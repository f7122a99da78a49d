import { Webhook } from "standardwebhooks";

interface Signed {
  /** The same over all tries, so that a receiver knows what it had before. */
  readonly id: string;
  readonly body: string;
  /** Of this try: an old signature is worth nothing to whoever finds it. */
  readonly at: Date;
  /** Both, for a day after one was replaced: the receiver changes over when it likes. */
  readonly secrets: readonly string[];
}

/** What a try is sent with, as Standard Webhooks has it. */
export function signedHeaders({ id, body, at, secrets }: Signed): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json",
    "user-agent": "gigstream-payments-webhooks/1",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" "),
  };
}
