import assert from "node:assert/strict";
import { acceptBatch } from "../acceptance/accept-batch.ts";
import { PaymentError } from "../errors.ts";
import { derivedEventId, derivedIdempotencyKey } from "../payment/ids.ts";
import { parseMicros } from "../payment/money.ts";
import type { Submission } from "../payment/submission.ts";
import { acceptanceDeps } from "../stage-deps.ts";
import type { ExitCode } from "./exit.ts";
import type { Output } from "./output.ts";
import { reportPayment } from "./report-payment.ts";
import { withConnected } from "./with-connected.ts";

export interface PayOptions {
  readonly platform: string;
  readonly task: string;
  readonly worker: string;
  readonly amount: string;
  readonly currency: string;
  readonly idempotencyKey?: string;
  readonly wait: number;
}

/**
 * Accepts one completed task through the same commit as an event from Kafka. Repeating it is safe: the task is the unit
 * that is paid once. A running service does the rest.
 */
export async function payCommand(output: Output, options: PayOptions): Promise<ExitCode> {
  return withConnected(async (connected) => {
    const outcome = await acceptBatch(acceptanceDeps(connected), {
      submissions: [submissionOf(options)],
      offsets: [],
    });
    assert(outcome.kind === "durable" && outcome.results[0], "no offset was moved");
    const [result] = outcome.results;
    if ("code" in result) {
      const message = `${result.code}: ${result.message}`;
      throw new PaymentError("OPERATION_REFUSED", "reject", message);
    }
    return reportPayment(output, connected.pool, result.paymentId, options.wait);
  });
}

function submissionOf(options: PayOptions): Submission {
  const { platform, task, worker, currency, idempotencyKey } = options;
  const amount = parseMicros(options.amount);
  if (amount === undefined) {
    const message = `--amount ${options.amount} is not an amount like 50 or 50.250000.`;
    throw new PaymentError("OPERATION_REFUSED", "reject", message);
  }
  const key = idempotencyKey ?? derivedIdempotencyKey(task, worker);
  const event = {
    eventId: derivedEventId(platform, key),
    occurredAt: new Date(),
    taskId: task,
    workerId: worker,
    platformId: platform,
    amount,
    currency,
    idempotencyKey: idempotencyKey ?? null,
  };
  const receivedAtMs = performance.now();
  return { source: { kind: "http" }, origin: "live", receivedAtMs, decoded: { ok: true, event } };
}
