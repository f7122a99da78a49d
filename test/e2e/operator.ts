import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { retryPayment, type RetryResult } from "../../src/acceptance/retry-payment.ts";
import { loadConfig } from "../../src/config.ts";
import { connect } from "../../src/connect.ts";
import { createLog } from "../../src/log.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import type { SubmissionResult } from "../../src/payment/submission.ts";
import { acceptanceDeps } from "../../src/stage-deps.ts";
import { fromHttp } from "../support/acceptance.ts";
import type { World } from "./world.ts";
import { unobserved } from "../support/unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

const CONNECT_TIMEOUT_MS = 30_000;

/** What an operator and the API do beside a running service: the same functions on the same database. */
export interface Operator extends AsyncDisposable {
  /** Opens the next generation of a payment that failed in `expectedGeneration`. */
  retry(paymentId: string, expectedGeneration: number): Promise<RetryResult>;
  /** Several at once, with a result for each. */
  submit(events: readonly TaskCompleted[]): Promise<readonly SubmissionResult[]>;
}

export async function connectOperator({ settings }: World): Promise<Operator> {
  const running = new AbortController();
  const connected = await connect(
    {
      config: loadConfig(settings),
      log: createLog({ level: "silent", instanceId: "operator" }),
      metrics: unobserved,
      tracing: untraced,
    },
    { starting: AbortSignal.timeout(CONNECT_TIMEOUT_MS), running: running.signal },
  );
  const acceptance = acceptanceDeps(connected);
  return {
    retry: (paymentId, expectedGeneration) =>
      retryPayment(acceptance, {
        paymentId,
        expectedGeneration,
        actor: "operator:ada",
        reason: "its cause is mended",
      }),
    async submit(events) {
      const submissions = events.map(fromHttp);
      const outcome = await acceptBatch(acceptance, { submissions, offsets: [] });
      if (outcome.kind !== "durable") throw new Error(outcome.kind);
      return outcome.results;
    },
    async [Symbol.asyncDispose]() {
      running.abort();
      await connected.signals.closed;
      await connected.pool.end();
    },
  };
}
