import { parseMicros, type Micros } from "./money.ts";

/** A percentage in millionths (2.5 % is 25_000n), so that up to four decimals of a percent stay exact. */
export type FeeRate = bigint;

/** Payments of at least `fromAmount` pay `rate` on the whole amount: a step, not a marginal band. */
export interface FeeTier {
  readonly fromAmount: Micros;
  readonly rate: FeeRate;
}

export interface FeePolicy {
  readonly defaultRate: FeeRate;
  readonly tiers: readonly FeeTier[];
}

const RATE_SCALE = 1_000_000n;
const MICROS_PER_RATE = 100n;

/** Reads "2.5" (percent): at least 0, below 100, up to four decimals; undefined for anything else. */
export function parseFeeRate(percentage: string): FeeRate | undefined {
  const micros = parseMicros(percentage);
  if (micros === undefined || micros < 0n || micros % MICROS_PER_RATE !== 0n) return undefined;
  const rate = micros / MICROS_PER_RATE;
  return rate < RATE_SCALE ? rate : undefined;
}

/** The platform's own rate, else the tier with the highest start that the amount reaches, else the default. */
export function feeRateFor(
  policy: FeePolicy,
  platformRate: FeeRate | null,
  amount: Micros,
): FeeRate {
  if (platformRate !== null) return platformRate;
  let reached: FeeTier | undefined;
  for (const tier of policy.tiers) {
    if (tier.fromAmount <= amount && (!reached || tier.fromAmount >= reached.fromAmount)) {
      reached = tier;
    }
  }
  return reached?.rate ?? policy.defaultRate;
}

/** Splits an amount; the fee rounds down to the micro-unit, so the worker never loses a fraction. */
export function splitFee(amount: Micros, rate: FeeRate): { fee: Micros; net: Micros } {
  const fee = (amount * rate) / RATE_SCALE;
  return { fee, net: amount - fee };
}
