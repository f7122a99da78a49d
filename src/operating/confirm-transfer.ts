import type { Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { formatMicros } from "../payment/money.ts";
import { logKey, type TransferLog, type TransferReceipt } from "../payment/transfer-log.ts";
import {
  isNetOf,
  provenTerms,
  readExpected,
  type ExpectedTransfer,
} from "../settlement/expected-terms.ts";
import { hasRival, readClaimed } from "../settlement/read-transfers.ts";
import { announceSettled, type Settled } from "../settlement/settle-logs.ts";
import { settleNamed } from "../settlement/settle-named.ts";
import { auditReview, lockReview, readReview } from "./lock-review.ts";
import { NOT_FOUND, refused, type Check, type OperatorAnswer } from "./operator-answer.ts";
import type { ReviewDeps, ReviewRequest } from "./review-deps.ts";

type Refusal = Extract<OperatorAnswer, { kind: "refused" }>;

/**
 * An operator says which transaction paid a plain transfer. The service proves it by the receipt: one Transfer of exactly
 * its terms, which proves no other payment. Then it is settled as any evidence; unproven, nothing is changed.
 */
export async function confirmTransfer(
  { settle, transfers }: ReviewDeps,
  request: ReviewRequest,
  txHash: string,
): Promise<Refusal | { readonly kind: "done"; readonly checks: readonly Check[] }> {
  const { paymentId } = request;
  const lookedAtMs = performance.now();
  const receipt = await transfers.receipt(txHash);
  const looked = { receipt, lookedAtMs, readAtMs: performance.now() };
  const outcome = await transact<Confirmed | Refusal, Refusal>(
    settle.pool,
    async (tx, rollBack) => {
      const before = await lockReview(tx, request);
      if ("kind" in before) return before;
      const expected = await readExpected(tx, settle.tokens, paymentId);
      if (!expected) return NOT_FOUND;
      const checks = await checkTransfer(tx, settle.instance.chainId, expected, receipt);
      const logs = receipt.kind === "mined" ? receipt.transfers : [];
      const terms = provenTerms(logs, expected);
      if (!terms || checks.some(({ passed }) => !passed)) return unproven(checks);
      const { state, generation } = expected;
      const from = { state, generation };
      const named = { paymentId, from, generation, terms, txHash, circle: null, ...looked };
      const settled = await settleNamed(tx, settle, named);
      if (!settled) return rollBack(unproven(checks));
      const after = await readReview(tx, paymentId);
      await auditReview(tx, "payment.confirmed_paid", request, { before, after, txHash });
      return { settled, checks };
    },
  );
  if ("kind" in outcome) return outcome;
  announceSettled(settle, outcome.settled);
  return { kind: "done", checks: outcome.checks };
}

interface Confirmed {
  readonly settled: Settled;
  readonly checks: readonly Check[];
}

async function checkTransfer(
  tx: Transaction,
  chainId: number,
  expected: ExpectedTransfer,
  receipt: TransferReceipt,
): Promise<readonly Check[]> {
  const actual = { unknown: "not mined", reverted: "reverted", mined: "succeeded" }[receipt.kind];
  const transaction = check("transaction", "succeeded", actual);
  if (receipt.kind !== "mined") return [transaction];
  const fitting = receipt.transfers.filter((log) => provenTerms([log], expected));
  const log = fitting[0] ?? receipt.transfers[0];
  if (!log || fitting.length > 1) {
    const found = `${fitting.length} of ${receipt.transfers.length}`;
    return [transaction, check("transfer_log", "one Transfer of its terms", found)];
  }
  return [
    transaction,
    ...termChecks(expected, log),
    ...(await bindingChecks(tx, chainId, expected, log)),
  ];
}

function termChecks(
  { payer, recipient, token, net, gross }: ExpectedTransfer,
  log: TransferLog,
): Check[] {
  const unknown = "not known: the directory has none";
  return [
    check("payer", payer ?? unknown, log.payer),
    check("recipient", recipient ?? unknown, log.recipient),
    check("token", token ?? unknown, log.token),
    {
      name: "amount",
      expected: net === null ? `at most ${formatMicros(gross)}` : formatMicros(net),
      actual: formatMicros(log.amount),
      passed: isNetOf(log.amount, { net, gross }),
    },
  ];
}

/** One log proves one payment, and what still travels may be what made it. */
async function bindingChecks(
  tx: Transaction,
  chainId: number,
  { transactionId }: ExpectedTransfer,
  log: TransferLog,
): Promise<Check[]> {
  const id = transactionId ?? NO_SEND;
  const claimed = await readClaimed(tx, { id, chainId }, [log]);
  const { payer, token, recipient, amount } = log;
  const isRivalled = await hasRival(tx, { id, terms: { payer, token, recipient, amount } });
  const bound = claimed.some((place) => logKey(place) === logKey(log));
  return [
    check("unbound", "no other payment's", bound ? "another payment's" : "no other payment's"),
    check(
      "alone",
      "nothing of its terms on its way",
      isRivalled ? "another transfer" : "nothing of its terms on its way",
    ),
  ];
}

const NO_SEND = "00000000-0000-0000-0000-000000000000";

function check(name: string, expected: string, actual: string): Check {
  return { name, expected, actual, passed: expected === actual };
}

function unproven(checks: readonly Check[]): Refusal {
  const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
  const what = failed.length > 0 ? failed.join(", ") : "settlement";
  const detail = `The transaction does not prove that this payment was paid (${what}): look at the checks.`;
  return refused("evidence_rejected", detail, { checks });
}
