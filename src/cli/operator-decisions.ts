import type { OperatorAnswer } from "../operating/operator-answer.ts";
import { resolveReview, type Decision } from "../operating/resolve-review.ts";
import { retry } from "../operating/retry.ts";
import { listReviews } from "../queries/list-reviews.ts";
import { acceptanceDeps, reviewDeps, type Connected } from "../stage-deps.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { confirmChange, orderOf, usage, type OperatorOptions } from "./operator-options.ts";
import { printDocument, type Output } from "./output.ts";
import { reportPayment } from "./report-payment.ts";
import { withConnected } from "./with-connected.ts";

export interface DecisionOptions extends OperatorOptions {
  readonly expectedGeneration: number;
  readonly wait: number;
}

export interface ResolveOptions extends DecisionOptions {
  readonly decision: Decision["kind"];
  readonly tx?: string;
}

export interface ReviewListOptions {
  readonly platform?: string;
  readonly code?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Opens the next generation of a failed payment. The exit code is the payment's: 8 while it is on its way. */
export async function retryCommand(
  output: Output,
  paymentId: string,
  options: DecisionOptions,
): Promise<ExitCode> {
  const { expectedGeneration, wait } = options;
  await confirmChange(options, `Pay ${paymentId} in generation ${expectedGeneration + 1}`);
  return withConnected(async (connected) => {
    const request = { paymentId, expectedGeneration, ...orderOf(options) };
    const answer = await retry(acceptanceDeps(connected), request);
    return report(output, connected, answer, wait);
  });
}

/** Oldest doubt first, each with what to do about it. */
export async function reviewListCommand(
  output: Output,
  { platform: platformId, code, limit, cursor }: ReviewListOptions,
): Promise<ExitCode> {
  const page = await withDatabase((db) => listReviews(db, { platformId, code }, { limit, cursor }));
  printDocument(output, page, () => {
    if (page.data.length === 0) return "no payment is in review";
    const lines = page.data.map(({ id, generation, amount, currency, workerId, ...review }) =>
      [
        `${id}  generation ${generation}  ${amount} ${currency} to worker ${workerId}`,
        `  ${review.doubtCode} since ${review.doubt?.since}, sending ${review.intent ?? "nothing"}`,
        `  ${review.advice}`,
      ].join("\n"),
    );
    const more = page.nextCursor === null ? [] : [`more: --cursor ${page.nextCursor}`];
    return [...lines, ...more].join("\n");
  });
  return EXIT.done;
}

/** The exit code is the payment's: 8 while it is in doubt. Exit 5 where the evidence does not bear the decision out. */
export async function reviewResolveCommand(
  output: Output,
  paymentId: string,
  options: ResolveOptions,
): Promise<ExitCode> {
  const decision = decisionOf(options);
  const { expectedGeneration, wait } = options;
  await confirmChange(options, `${CONSEQUENCES[decision.kind]} (${paymentId})`);
  return withConnected(async (connected) => {
    const request = { paymentId, expectedGeneration, ...orderOf(options) };
    const answer = await resolveReview(reviewDeps(connected), request, decision);
    return report(output, connected, answer, wait);
  });
}

const CONSEQUENCES: Readonly<Record<Decision["kind"], string>> = {
  recheck: "Look again and send again what is in doubt",
  cancel: "Close this payment on chain, so that it fails unless it was paid first",
  confirm_paid: "Complete this payment if the chain proves that the transaction paid it",
};

const TX_HASH = /^0x[0-9a-f]{64}$/i;

function decisionOf({ decision, tx }: ResolveOptions): Decision {
  if (decision !== "confirm_paid") {
    if (tx === undefined) return { kind: decision };
    throw usage("--tx belongs to --decision confirm-paid.");
  }
  if (tx !== undefined && TX_HASH.test(tx)) return { kind: decision, txHash: tx.toLowerCase() };
  throw usage("--decision confirm-paid needs --tx, the hash of the transaction that paid.");
}

async function report(
  output: Output,
  { pool }: Connected,
  answer: OperatorAnswer,
  waitSeconds: number,
): Promise<ExitCode> {
  const checks = answer.kind === "done" ? answer.checks : answer.problem.checks;
  for (const { name, expected, actual, passed } of checks) {
    const verdict = passed ? "passed" : "failed";
    process.stderr.write(`${verdict}  ${name}: expected ${expected}, found ${actual}\n`);
  }
  if (answer.kind === "done") return reportPayment(output, pool, answer.payment.id, waitSeconds);
  const { problem } = answer;
  printDocument(output, problem, () => `refused  ${problem.code}: ${problem.detail}`);
  return EXIT.refused;
}
