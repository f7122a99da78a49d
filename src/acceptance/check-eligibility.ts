import { isCurrency, type Currency } from "../payment/currency.ts";
import { feeRateFor, splitFee, type FeeRate } from "../payment/fee.ts";
import { formatMicros, type Micros } from "../payment/money.ts";
import type { Failure, FailureCode } from "../payment/state.ts";
import type { AcceptanceSettings, RiskLimits } from "./acceptance-deps.ts";

type TaskStatus =
  | "created"
  | "assigned"
  | "in_progress"
  | "completed"
  | "paid"
  | "disputed"
  | "cancelled";

/** What the directory says about a payment, at one moment. */
export interface EligibilityFacts {
  readonly platform: {
    readonly wallet: string;
    readonly taskSource: "directory" | "event";
    readonly feeRate: FeeRate | null;
  };
  readonly task: {
    readonly workerId: string;
    readonly amount: Micros;
    readonly currency: string;
    readonly status: TaskStatus;
    readonly createdAt: Date;
  } | null;
  /** Null: the worker, or the worker's wallet, is not known (yet). */
  readonly workerWallet: string | null;
  /** Without this payment; undefined where no limit is set. */
  readonly recent: RecentPayments | undefined;
}

export interface RecentPayments {
  /** Of the worker: micro-units of the same currency in the last 24 hours. */
  readonly dailyAmount: Micros;
  readonly hourlyCount: number;
  /** Of the platform: micro-units of the same currency that were planned in the last 24 hours. */
  readonly platformDailyAmount: Micros;
}

export interface Subject {
  readonly platformId: string;
  readonly workerId: string;
  readonly amount: Micros;
  readonly currency: string;
}

/** The terms of one generation, fixed when it is planned. */
export interface PlannedTerms {
  readonly payer: string;
  readonly token: string;
  readonly recipient: string;
  /** net + fee is the task's amount; the payer is debited net. */
  readonly net: Micros;
  readonly fee: Micros;
}

export type Eligibility =
  | { readonly kind: "eligible"; readonly terms: PlannedTerms }
  /** It may still turn out well; the failure is what it comes to if it does not. */
  | { readonly kind: "wait"; readonly failure: Failure }
  | { readonly kind: "refused"; readonly failure: Failure };

export const ZERO_ADDRESS = `0x${"0".repeat(40)}`;
/** What an event of the platform itself may still complete. */
const UNFINISHED: ReadonlySet<TaskStatus> = new Set(["created", "assigned", "in_progress"]);

/**
 * GigStream's rules (the task exists, is this worker's, is completed and unpaid, the amount is within limits, the wallet
 * is known) and those of platform, currency and risk. Definite refusals come before anything that may still change.
 */
export function checkEligibility(
  subject: Subject,
  facts: EligibilityFacts,
  settings: AcceptanceSettings,
): Eligibility {
  const { currency } = subject;
  if (!isCurrency(currency) || !settings.currencies.includes(currency)) {
    const allowed = settings.currencies.join(", ");
    return refuse(
      "currency_unsupported",
      `The currency must be one of ${allowed}; pay this task by other means.`,
    );
  }
  if (subject.amount < settings.minAmount || subject.amount > settings.maxAmount) {
    const range = `${formatMicros(settings.minAmount)} to ${formatMicros(settings.maxAmount)}`;
    return refuse(
      "amount_out_of_range",
      `The amount is outside ${range}; change the limits, then retry.`,
    );
  }
  const task = checkTask(subject, facts);
  if (task) return task;
  if (facts.workerWallet === null) {
    const message = "The worker or the worker's wallet is not known; set it, then retry.";
    return { kind: "wait", failure: failureOf("wallet_not_found", message) };
  }
  return (
    checkWallet(facts, facts.workerWallet, settings, currency) ??
    checkPayer(facts, settings) ??
    checkRisk(subject, facts.recent, settings) ?? {
      kind: "eligible",
      terms: termsOf(subject.amount, facts, facts.workerWallet, { settings, currency }),
    }
  );
}

function checkTask(subject: Subject, facts: EligibilityFacts): Eligibility | undefined {
  const { task, platform } = facts;
  const byEvent = platform.taskSource === "event";
  if (!task) {
    if (byEvent) return undefined;
    const message = "The platform has no such task; create it, then retry.";
    return { kind: "wait", failure: failureOf("task_not_found", message) };
  }
  if (task.workerId !== subject.workerId) {
    return refuse(
      "worker_mismatch",
      "The task belongs to another worker; nothing is due to this one.",
    );
  }
  if (task.status === "paid") {
    return refuse("task_already_paid", "The task is marked as paid already; nothing more is due.");
  }
  if (task.status !== "completed" && !(byEvent && UNFINISHED.has(task.status))) {
    const message = `The task is ${task.status}, not completed; complete it, then retry.`;
    return refuse("task_not_completed", message);
  }
  if (task.amount !== subject.amount || task.currency !== subject.currency) {
    const owed = `${formatMicros(task.amount)} ${task.currency}`;
    return refuse("amount_mismatch", `The task says ${owed}; correct the task, then retry.`);
  }
  return undefined;
}

function checkWallet(
  facts: EligibilityFacts,
  wallet: string,
  settings: AcceptanceSettings,
  currency: Currency,
): Eligibility | undefined {
  const { payOnce, operators, tokens } = settings;
  const wrong = [facts.platform.wallet, payOnce, ...operators, ...Object.values(tokens)];
  if (wallet !== ZERO_ADDRESS && !wrong.includes(wallet)) return undefined;
  const whose = "the platform's, a token's, an operator's, PayOnce's or the zero address";
  const message = `The worker's wallet is ${whose}, which cannot receive ${currency}; mend it, then retry.`;
  return refuse("wallet_invalid", message);
}

/** A wallet that has just been made may not be known yet; one of another account never will be. */
function checkPayer(
  { platform }: EligibilityFacts,
  { payers }: AcceptanceSettings,
): Eligibility | undefined {
  if (payers === null || payers.has(platform.wallet)) return undefined;
  const message =
    "The platform's wallet is no wallet of this Circle account, and a plain transfer can go out from no other; give the platform one, then retry.";
  return { kind: "wait", failure: failureOf("payer_wallet_unknown", message) };
}

function checkRisk(
  subject: Subject,
  recent: RecentPayments | undefined,
  { risk }: AcceptanceSettings,
): Eligibility | undefined {
  const limit = recent && usedUp(subject, recent, risk);
  if (limit === undefined) return undefined;
  return refuse("risk_rejected", `The ${limit} is used up; look at it, then retry.`);
}

/** The first limit that the payment would pass. */
function usedUp(
  { amount }: Subject,
  recent: RecentPayments,
  { workerDailyAmount, workerHourlyCount, platformDailyAmount }: RiskLimits,
): string | undefined {
  const isPassed = (limit: Micros | null, before: Micros) =>
    limit !== null && before + amount > limit;
  if (isPassed(workerDailyAmount, recent.dailyAmount)) return "worker's amount per day";
  if (workerHourlyCount !== null && recent.hourlyCount >= workerHourlyCount) {
    return "worker's number of payments per hour";
  }
  if (isPassed(platformDailyAmount, recent.platformDailyAmount)) return "platform's amount per day";
  return undefined;
}

function termsOf(
  amount: Micros,
  { platform }: EligibilityFacts,
  recipient: string,
  { settings, currency }: { settings: AcceptanceSettings; currency: Currency },
): PlannedTerms {
  const rate = feeRateFor(settings.fees, platform.feeRate, amount);
  return {
    payer: platform.wallet,
    token: settings.tokens[currency],
    recipient,
    ...splitFee(amount, rate),
  };
}

/** Whether an operator's retry of the same payment can succeed, once somebody has mended the cause. */
const RETRYABLE: Partial<Record<FailureCode, true>> = {
  task_not_found: true,
  task_not_completed: true,
  amount_out_of_range: true,
  amount_mismatch: true,
  wallet_not_found: true,
  wallet_invalid: true,
  payer_wallet_unknown: true,
  risk_rejected: true,
};

function failureOf(code: FailureCode, message: string): Failure {
  return { code, message, retryable: RETRYABLE[code] ?? false };
}

function refuse(code: FailureCode, message: string): Eligibility {
  return { kind: "refused", failure: failureOf(code, message) };
}
