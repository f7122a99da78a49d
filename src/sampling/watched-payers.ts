import { CURRENCIES, type Currency } from "../payment/currency.ts";
import type { Micros } from "../payment/money.ts";
import type { Tokens } from "../payment/tokens.ts";
import type { Demand } from "./hourly-demand.ts";
import type { OpenPayments } from "./read-open-payments.ts";

/** A payer's purse of one currency. */
export interface Payer {
  readonly payer: string;
  readonly token: string;
  readonly currency: Currency;
  /** What was paid from it in the last hour. */
  readonly demand: Micros;
  readonly hasOpen: boolean;
}

/** Each costs a place in two requests to the chain and two series; a deployment has some platforms. */
const PAYERS_MAX = 50;

/** Those with payments open first, then those for whom most was paid of late. */
export function choosePayers(
  open: readonly OpenPayments[],
  demand: readonly Demand[],
  tokens: Tokens,
): readonly Payer[] {
  const chosen = new Map<string, Payer>();
  const note = (payer: string, token: string, amount: Micros, hasOpen: boolean) => {
    const currency = CURRENCIES.find((each) => tokens[each] === token);
    if (currency === undefined) return;
    const key = `${payer} ${token}`;
    const known = chosen.get(key) ?? { payer, token, currency, demand: 0n, hasOpen: false };
    chosen.set(key, {
      ...known,
      demand: known.demand + amount,
      hasOpen: known.hasOpen || hasOpen,
    });
  };
  for (const { payer, token } of open) if (payer && token) note(payer, token, 0n, true);
  for (const { payer, token, amount } of demand) note(payer, token, amount, false);
  return [...chosen.values()]
    .toSorted(
      (one, other) =>
        Number(other.hasOpen) - Number(one.hasOpen) ||
        Number(other.demand - one.demand) ||
        (one.payer < other.payer ? -1 : 1),
    )
    .slice(0, PAYERS_MAX);
}
