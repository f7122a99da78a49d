export const CURRENCIES = ["USDC", "EURC"] as const;
export type Currency = (typeof CURRENCIES)[number];

/** The input of a task may name any currency; only these have a token. */
export function isCurrency(text: string): text is Currency {
  return (CURRENCIES as readonly string[]).includes(text);
}
