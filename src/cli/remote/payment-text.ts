import type { Payment, PaymentDetail, PaymentState } from "../../client/api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { table } from "../output.ts";

/** 0 only when the worker has the money: scripts branch on it. */
export function exitCodeOfState(state: PaymentState): ExitCode {
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

/** One of a list. */
export function paymentLine(payment: Payment): string {
  const { id, state, acceptedAt, amount, currency, workerId, taskId, platformId } = payment;
  return `${id}  ${state.padEnd(9)}  ${acceptedAt}  ${amount} ${currency} to ${workerId} for ${taskId} of ${platformId}`;
}

/** All that there is to say; the stages and attempts where they were asked for. */
export function paymentText(payment: Payment | PaymentDetail): string {
  const { failure, doubt, latencyMs, generation, state } = payment;
  const summary = table([
    ["payment", payment.id],
    ["state", generation > 1 ? `${state} (generation ${generation})` : state],
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
    ["trace", "traceId" in payment ? payment.traceId : null],
  ]);
  return "attempts" in payment ? [summary, ...historyLines(payment)].join("\n") : summary;
}

function historyLines({ attempts, timeline }: PaymentDetail): readonly string[] {
  const stages = timeline.map(({ stage, durationMs, budgetMs }) => {
    const budget = budgetMs === null ? "" : ` of ${budgetMs}`;
    return `  ${stage.padEnd(14)}${String(durationMs).padStart(6)} ms${budget}`;
  });
  const tries = attempts.map(({ n, kind, outcome, at, txHash, errorCode }) =>
    `  ${n}. ${kind} ${outcome} ${at} ${txHash ?? ""} ${errorCode ?? ""}`.trimEnd(),
  );
  return ["stages", ...stages, ...(tries.length > 0 ? ["attempts", ...tries] : [])];
}
