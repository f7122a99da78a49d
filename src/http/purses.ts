import type { FundsReader } from "../dispatch/rail.ts";
import { PaymentError } from "../errors.ts";
import type { Currency } from "../payment/currency.ts";
import { formatMicros, type Micros } from "../payment/money.ts";

/** What the chain says of wallets, as the API asks it. */
export interface Purses {
  readonly reader: FundsReader;
  /** Those that this deployment pays in. */
  readonly tokens: readonly { readonly currency: Currency; readonly token: string }[];
  /** Who may move a payer's money; null where payments are plain transfers. */
  readonly spender: string | null;
  /** Whether payments can be sent from this wallet; always, where an allowance is enough. */
  readonly isPayer: (address: string) => boolean;
}

export interface Purse {
  readonly currency: Currency;
  readonly token: string;
  readonly balance: Micros;
  readonly allowance: Micros;
  readonly blocked: boolean;
}

/** A page waits for it. */
const TIMEOUT_MS = 2_000;

/** A wallet's purses, or why they are not known: the chain's silence is no reason to show nothing else. */
export async function readPurses(
  { reader, tokens }: Purses,
  wallet: string,
  signal: AbortSignal,
): Promise<readonly Purse[] | "chain_unavailable"> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const pairs = tokens.map(({ token }) => ({ payer: wallet, token }));
    const funds = await reader.read(pairs, limit);
    return tokens.flatMap((token, index) => {
      const found = funds[index];
      return found ? [{ ...token, ...found }] : [];
    });
  } catch (error) {
    if (error instanceof PaymentError && error.disposition === "retry") return "chain_unavailable";
    throw error;
  }
}

/** A wallet's money as the API shows it. */
export function shownBalance({ currency, balance }: Purse) {
  return { currency, balance: formatMicros(balance) };
}
