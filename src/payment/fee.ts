import type { Micros } from "./money.ts";

/** A percentage in millionths (2.5 % is 25_000n), so that up to four decimals of a percent stay exact. */
export type FeeRate = bigint;

const RATE_SCALE = 1_000_000n;

/** Splits an amount; the fee rounds down to the micro-unit, so the worker never loses a fraction. */
export function splitFee(amount: Micros, rate: FeeRate): { fee: Micros; net: Micros } {
  const fee = (amount * rate) / RATE_SCALE;
  return { fee, net: amount - fee };
}
