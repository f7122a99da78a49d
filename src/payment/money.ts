/**
 * Money is a `bigint` count of micro-units (10^-6 USDC or EURC); a `number` never holds it, because the sum of
 * 0.1 and 0.2 is somebody's wage. Decimal strings outside, `numeric(20,6)` in the database.
 */

export type Micros = bigint;

export const MICROS_PER_UNIT = 1_000_000n;

/** The most that `numeric(20,6)` holds: 14 integer digits and 6 decimals. */
export const MAX_MICROS = 99_999_999_999_999_999_999n;

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,6}))?$/;

/** Reads "50", "50.5" or "50.500000"; undefined for anything else, 7 decimals and exponents included. */
export function parseMicros(text: string): Micros | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, units = "", decimals = ""] = match;
  const value = BigInt(units) * MICROS_PER_UNIT + BigInt(decimals.padEnd(6, "0"));
  return sign === "-" ? -value : value;
}

/** Writes micro-units with exactly six decimals: 50_000_000n is "50.000000". */
export function formatMicros(value: Micros): string {
  const magnitude = value < 0n ? -value : value;
  const units = magnitude / MICROS_PER_UNIT;
  const decimals = (magnitude % MICROS_PER_UNIT).toString().padStart(6, "0");
  return `${value < 0n ? "-" : ""}${units}.${decimals}`;
}
