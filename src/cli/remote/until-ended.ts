import { setTimeout as delay } from "node:timers/promises";
import type { Payment, PaymentDetail } from "../../client/api.ts";
import type { Client } from "../../client/create-client.ts";
import { EXIT } from "../exit.ts";
import { exitCodeOfState } from "./payment-text.ts";

const POLL_MS = 500;

/** The payment as it stands once it has ended or so many seconds have passed. */
export async function untilEnded<P extends Payment>(
  client: Client,
  payment: P,
  { waitSeconds }: { readonly waitSeconds: number },
): Promise<P | PaymentDetail> {
  const deadlineMs = Date.now() + waitSeconds * 1_000;
  let current: P | PaymentDetail = payment;
  while (exitCodeOfState(current.state) === EXIT.inDoubt && Date.now() < deadlineMs) {
    await delay(Math.min(POLL_MS, Math.max(0, deadlineMs - Date.now())));
    current = (await client.call("getPayment", { path: { id: payment.id } })).body;
  }
  return current;
}
