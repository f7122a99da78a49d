import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../database/pool.ts";
import { getPayment } from "../queries/get-payment.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { exitCodeOfState, paymentText } from "./get.ts";
import { printDocument, type Output } from "./output.ts";

const WAIT_POLL_MS = 100;

/** Prints a payment, once it has ended or the seconds are over; the exit code is its state's. */
export async function reportPayment(
  output: Output,
  db: Database,
  paymentId: string,
  waitSeconds: number,
): Promise<ExitCode> {
  const deadlineMs = Date.now() + waitSeconds * 1_000;
  for (;;) {
    const payment = await getPayment(db, paymentId);
    if (!payment) return EXIT.bug;
    const code = exitCodeOfState(payment.state);
    if (code !== EXIT.inDoubt || Date.now() >= deadlineMs) {
      printDocument(output, payment, () => paymentText(payment));
      return code;
    }
    await delay(WAIT_POLL_MS);
  }
}
