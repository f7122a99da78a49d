import { PaymentError } from "../errors.ts";
import { getPayment, type PaymentDetail } from "../queries/get-payment.ts";
import { withDatabase } from "./open-database.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { printDocument, table, type Output } from "./output.ts";

export async function getCommand(output: Output, id: string): Promise<ExitCode> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
    throw new PaymentError("OPERATION_REFUSED", "reject", `"${id}" is not a payment id (a UUID).`);
  }
  const payment = await withDatabase((db) => getPayment(db, id));
  if (!payment) throw new PaymentError("OPERATION_REFUSED", "reject", `There is no payment ${id}.`);
  printDocument(output, payment, () => paymentText(payment));
  return exitCodeOfState(payment.state);
}

/** 0 only when the worker has the money: scripts branch on it. */
export function exitCodeOfState(state: PaymentDetail["state"]): ExitCode {
  switch (state) {
    case "completed":
      return EXIT.done;
    case "failed":
      return EXIT.paymentFailed;
    case "accepted":
    case "planned":
    case "voiding":
    case "review":
      return EXIT.inDoubt;
  }
}

export function paymentText(payment: PaymentDetail): string {
  const { failure, doubt, attempts, latencyMs } = payment;
  const summary = table([
    ["payment", payment.id],
    [
      "state",
      payment.generation > 1
        ? `${payment.state} (generation ${payment.generation})`
        : payment.state,
    ],
    ["task", `${payment.taskId} of ${payment.platformId}`],
    ["worker", payment.workerId],
    ["amount", `${payment.amount} ${payment.currency}`],
    ["fee", payment.fee],
    ["net", payment.netAmount],
    ["transaction", payment.txHash],
    ["explorer", payment.explorerUrl],
    ["latency", latencyMs === null ? null : `${latencyMs} ms`],
    ["failure", failure && `${failure.code}: ${failure.message}`],
    ["doubt", doubt && `${doubt.reason} since ${doubt.since}`],
    ["next attempt", payment.nextAttemptAt],
    ["trace", payment.traceId],
  ]);
  const lines = attempts.map(({ n, kind, outcome, at, txHash, errorCode }) =>
    `  ${n}. ${kind} ${outcome} ${at} ${txHash ?? ""} ${errorCode ?? ""}`.trimEnd(),
  );
  const stages = payment.timeline.map(
    ({ stage, durationMs, budgetMs }) =>
      `  ${stage.padEnd(14)}${String(durationMs).padStart(6)} ms${budgetMs === null ? "" : ` of ${budgetMs}`}`,
  );
  return [summary, "stages", ...stages, ...(lines.length > 0 ? ["attempts", ...lines] : [])].join(
    "\n",
  );
}
