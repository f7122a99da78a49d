import type { PaymentState, WorkerEarnings } from "../../client/api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { printDocument, table, type Output } from "../output.ts";
import { exitCodeOfState, paymentLine, paymentText } from "./payment-text.ts";
import { printList, type ListOptions } from "./print-list.ts";
import type { ServiceOptions } from "./service-options.ts";
import { withClient } from "./with-client.ts";

export interface PaymentListOptions extends ListOptions {
  readonly state?: PaymentState;
  readonly platform?: string;
  readonly worker?: string;
  readonly task?: string;
  readonly bulk?: string;
  readonly idempotencyKey?: string;
  readonly tx?: string;
  readonly from?: string;
  readonly to?: string;
}

/** The exit code is the payment's: 0 only when the worker has the money. */
export async function getCommand(
  output: Output,
  id: string,
  options: ServiceOptions,
): Promise<ExitCode> {
  return withClient(output, options, async (client) => {
    const { body: payment } = await client.call("getPayment", { path: { id } });
    printDocument(output, payment, () => paymentText(payment));
    return exitCodeOfState(payment.state);
  });
}

export async function listCommand(output: Output, options: PaymentListOptions): Promise<ExitCode> {
  const { state, platform, worker, task, bulk, idempotencyKey, tx, from, to } = options;
  const query = {
    state,
    platformId: platform,
    workerId: worker,
    taskId: task,
    bulkId: bulk,
    idempotencyKey,
    txHash: tx,
    from,
    to,
  };
  return withClient(output, options, async (client) => {
    const pages = (limit: number) => client.each("listPayments", { query: { ...query, limit } });
    return printList(output, options, { pages, line: paymentLine, none: "no payments" });
  });
}

/** What a worker has earned: sums, the newest payments, and what the wallet has now. */
export async function workerCommand(
  output: Output,
  id: string,
  options: ServiceOptions,
): Promise<ExitCode> {
  return withClient(output, options, async (client) => {
    const { body: earnings } = await client.call("getWorkerEarnings", { path: { id } });
    printDocument(output, earnings, () => earningsText(earnings));
    return EXIT.done;
  });
}

function earningsText({ stats, payments, walletBalances }: WorkerEarnings): string {
  const { successRate, meanLatencyMs } = stats;
  const summary = table([
    ["worker", stats.workerId],
    ["payments", stats.total],
    ["completed", stats.completed],
    ["failed", stats.failed],
    ["on their way", stats.inProgress],
    ["in review", stats.inReview],
    ["success", successRate === null ? null : `${(successRate * 100).toFixed(1)} %`],
    ["mean latency", meanLatencyMs === null ? null : `${Math.round(meanLatencyMs)} ms`],
    ...stats.byCurrency.map(
      ({ currency, totalNet, totalAmount, totalFees }) =>
        [`paid in ${currency}`, `${totalNet} (${totalAmount} less ${totalFees} fees)`] as const,
    ),
    ...(walletBalances ?? []).map(
      ({ currency, balance }) => [`wallet in ${currency}`, balance] as const,
    ),
  ]);
  return [summary, ...payments.data.map(paymentLine)].join("\n");
}
