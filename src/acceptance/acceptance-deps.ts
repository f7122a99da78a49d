import type { Logger } from "pino";
import type { Database, Transaction } from "../database/pool.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { Currency } from "../payment/currency.ts";
import type { PaymentFailed, RailName } from "../payment/events.ts";
import type { Method } from "../payment/method.ts";
import type { FeePolicy } from "../payment/fee.ts";
import type { Micros } from "../payment/money.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { Tokens } from "../payment/tokens.ts";

export interface AcceptanceSettings {
  readonly rail: RailName;
  readonly method: Method;
  /** The wallets that payments can go out from; null: any that gave PayOnce an allowance. */
  readonly payers: { has(address: string): boolean } | null;
  readonly chainId: number;
  /** All addresses here are lower-case. */
  readonly payOnce: string;
  readonly operators: readonly string[];
  readonly tokens: Tokens;
  readonly currencies: readonly Currency[];
  /** Nominal, whatever the currency; both included. */
  readonly minAmount: Micros;
  readonly maxAmount: Micros;
  readonly fees: FeePolicy;
  /** The wait before each further look for a task or wallet that is not known yet. */
  readonly retryDelaysMs: readonly number[];
  readonly risk: RiskLimits;
  readonly topics: { readonly paymentFailed: string; readonly deadLetters: string };
}

/**
 * Null is off. A worker's are over every platform, and two instances that accept at the same moment may together pass them
 * by one batch: they bound a fraud and are no promise. A platform's is exact.
 */
export interface RiskLimits {
  /** In 24 hours, per currency. */
  readonly workerDailyAmount: Micros | null;
  readonly workerHourlyCount: number | null;
  /** Planned in 24 hours, per currency. */
  readonly platformDailyAmount: Micros | null;
}

export interface AcceptanceDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly metrics: AcceptanceMetrics;
  readonly tracing: Pick<Tracing, "begin" | "onward" | "batch">;
  readonly settings: AcceptanceSettings;
  /** Framed bytes of the event; pure and synchronous, since it runs inside the commit. */
  readonly encodePaymentFailed: (event: PaymentFailed) => Buffer;
  /**
   * Settles these payments, which this transaction has just written, from the evidence in `chain_events`: each has a
   * stored Paid. SQL and pure code only; what it answers is called once the transaction is committed.
   */
  readonly adopt: (transaction: Transaction, paymentIds: readonly string[]) => Promise<AfterCommit>;
  /** Wakes a stage, in this process and the others. */
  readonly announce: (stage: "dispatch" | "relay" | "recheck") => void;
}

/** Added to after a commit, never before it. */
export type AcceptanceMetrics = Pick<
  Metrics,
  | "accepted"
  | "duplicates"
  | "deadLetters"
  | "clockSkew"
  | "retries"
  | "voids"
  | "reviews"
  | "batch"
>;

/** Alarms and wakes that only a commit makes true. */
export type AfterCommit = () => void;
