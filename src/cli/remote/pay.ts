import { EXIT, type ExitCode } from "../exit.ts";
import { confirmChange } from "../operator-options.ts";
import { printDocument, type Output } from "../output.ts";
import { exitCodeOfState, paymentText } from "./payment-text.ts";
import type { ServiceOptions } from "./service-options.ts";
import { untilEnded } from "./until-ended.ts";
import { withClient } from "./with-client.ts";

export interface PayOptions extends ServiceOptions {
  readonly platform: string;
  readonly task: string;
  readonly worker: string;
  readonly amount: string;
  readonly currency: string;
  readonly idempotencyKey?: string;
  readonly wait: number;
  readonly yes: boolean;
}

/** What the service itself waits for at most. */
const PREFER_WAIT_MAX_SECONDS = 10;

/** Pays a completed task. Repeating it is safe: the task is what is paid once. */
export async function payCommand(output: Output, options: PayOptions): Promise<ExitCode> {
  const { platform, task, worker, amount, currency, idempotencyKey, wait } = options;
  const what = `Pay ${amount} ${currency} to worker ${worker} for task ${task} of ${platform}`;
  await confirmChange(options, what);
  return withClient(output, options, async (client) => {
    const served = Math.min(wait, PREFER_WAIT_MAX_SECONDS);
    const { body, headers } = await client.call("createPayment", {
      header: {
        "Idempotency-Key": idempotencyKey,
        Prefer: served > 0 ? `wait=${served}` : undefined,
      },
      body: { platformId: platform, taskId: task, workerId: worker, amount, currency },
    });
    if (headers.get("idempotent-replayed") === "true") {
      process.stderr.write("gigpay: this task had its payment already; nothing was paid twice\n");
    }
    const payment = await untilEnded(client, body, { waitSeconds: wait - served });
    printDocument(output, payment, () => paymentText(payment));
    const code = exitCodeOfState(payment.state);
    if (code === EXIT.inDoubt) {
      process.stderr.write("gigpay: not ended yet; do not pay it by other means\n");
    }
    return code;
  });
}
