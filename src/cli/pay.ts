import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { acceptBatch } from "../acceptance/accept-batch.ts";
import { loadConfig } from "../config.ts";
import { connect } from "../connect.ts";
import type { Database } from "../database/pool.ts";
import { PaymentError } from "../errors.ts";
import { createLog } from "../log.ts";
import { derivedEventId, derivedIdempotencyKey } from "../payment/ids.ts";
import { parseMicros } from "../payment/money.ts";
import type { Submission } from "../payment/submission.ts";
import { getPayment } from "../queries/get-payment.ts";
import { acceptanceDeps } from "../stage-deps.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { exitCodeOfState, paymentText } from "./get.ts";
import { printDocument, type Output } from "./output.ts";

export interface PayOptions {
  readonly platform: string;
  readonly task: string;
  readonly worker: string;
  readonly amount: string;
  readonly currency: string;
  readonly idempotencyKey?: string;
  readonly wait: number;
}

const WAIT_POLL_MS = 100;
const CONNECT_TIMEOUT_MS = 30_000;

/**
 * Accepts one completed task through the same commit as an event from Kafka. Repeating it is safe: the task is the unit
 * that is paid once. A running service does the rest.
 */
export async function payCommand(output: Output, options: PayOptions): Promise<ExitCode> {
  const config = loadConfig();
  const log = createLog({ level: "warn", instanceId: config.INSTANCE_ID });
  const running = new AbortController();
  const starting = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  const connected = await connect(config, log, { starting, running: running.signal });
  try {
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
    return await report(output, connected.pool, result.paymentId, options.wait);
  } finally {
    running.abort();
    await connected.signals.closed;
    await connected.pool.end();
  }
}

function submissionOf(options: PayOptions): Submission {
  const { platform, task, worker, currency, idempotencyKey } = options;
  const amount = parseMicros(options.amount);
  if (amount === undefined) {
    const message = `--amount ${options.amount} is not an amount like 50 or 50.250000.`;
    throw new PaymentError("OPERATION_REFUSED", "reject", message);
  }
  const key = idempotencyKey ?? derivedIdempotencyKey(task, worker);
  const now = new Date();
  const event = {
    eventId: derivedEventId(platform, key),
    occurredAt: now,
    taskId: task,
    workerId: worker,
    platformId: platform,
    amount,
    currency,
    idempotencyKey: idempotencyKey ?? null,
  };
  return { source: { kind: "http" }, receivedAt: now, decoded: { ok: true, event } };
}

async function report(
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
