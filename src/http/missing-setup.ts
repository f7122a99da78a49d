import type { Purse, Purses } from "./purses.ts";

export const SETUP_STEPS = [
  "wallet_not_of_this_account",
  "wallet_blocked",
  "wallet_empty",
  "allowance_missing",
] as const;

export interface SetupStep {
  readonly code: (typeof SETUP_STEPS)[number];
  /** Null: for all of them. */
  readonly currency: string | null;
  /** What to do, in one sentence. */
  readonly detail: string;
}

/** What keeps a platform from paying, in the order in which it is best mended. */
export function missingSetup(
  wallet: string,
  purses: readonly Purse[],
  { spender, isPayer }: Pick<Purses, "spender" | "isPayer">,
): readonly SetupStep[] {
  if (!isPayer(wallet)) {
    const detail = `${wallet} is no wallet of this Circle account, so nothing can be sent from it: give the platform one that is.`;
    return [{ code: "wallet_not_of_this_account", currency: null, detail }];
  }
  return purses.flatMap(({ currency, token, balance, allowance, blocked }): SetupStep[] => {
    if (blocked) {
      const detail = `${currency} blocks ${wallet}: give the platform another wallet.`;
      return [{ code: "wallet_blocked", currency, detail }];
    }
    const steps: SetupStep[] = [];
    if (balance === 0n) {
      const detail = `Fund ${wallet} with ${currency}.`;
      steps.push({ code: "wallet_empty", currency, detail });
    }
    if (allowance === 0n && spender !== null) {
      const detail = `From ${wallet}, approve ${spender} as spender at ${token}: the allowance bounds what can ever move.`;
      steps.push({ code: "allowance_missing", currency, detail });
    }
    return steps;
  });
}
