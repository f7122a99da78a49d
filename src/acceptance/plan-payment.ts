import { isCurrency } from "../payment/currency.ts";
import type { Failure } from "../payment/state.ts";
import type { AcceptanceSettings } from "./acceptance-deps.ts";
import {
  checkEligibility,
  ZERO_ADDRESS,
  type EligibilityFacts,
  type PlannedTerms,
  type Subject,
} from "./check-eligibility.ts";

export interface PlanningFacts extends EligibilityFacts {
  /** The database seems to be a restored one, and nobody has looked at its directory yet. */
  readonly isRestoring: boolean;
  /** Our own topics have an outcome of it that this database had forgotten. */
  readonly isAnnounced: boolean;
  /** Known before a confirmed restore: that nothing was ever sent is then unproven. */
  readonly beforeRestore: boolean;
  /** Our instance has paid it already, whatever this database remembers. */
  readonly paidOnChain: boolean;
}

/** What becomes of a payment that nothing was sent for. `adopt`: its evidence is on chain and settles it at once. */
export type Plan =
  | { readonly state: "planned"; readonly terms: PlannedTerms; readonly adopt: boolean }
  | { readonly state: "accepted"; readonly waitMs: number; readonly adopt: boolean }
  | { readonly state: "voiding"; readonly terms: PlannedTerms; readonly failure: Failure }
  /** A plain transfer that may have been sent before a restore: nothing here can prove or exclude it. */
  | { readonly state: "review"; readonly doubtReason: string }
  | { readonly state: "failed"; readonly failure: Failure };

/** An operator closes a restore in minutes at best, and what waits is noticed soon afterwards. */
const RESTORING_WAIT_MS = 5_000;

/** A platform is never deleted by the service; if somebody did, its payments wait for it and use up no try. */
export const NO_PLATFORM_WAIT_MS = 60_000;

/** Waits that are not for the task or the worker. */
const USE_NO_TRY = new Set([NO_PLATFORM_WAIT_MS, RESTORING_WAIT_MS]);

/** Whether it was looked for in vain, and is looked for again. */
export function usesTry(plan: Plan): boolean {
  return plan.state === "accepted" && !USE_NO_TRY.has(plan.waitMs);
}

/** Evidence is applied within the same commit; a look later is only for what evidence could not settle. */
const ADOPTED_WAIT_MS = 60_000;

/** `tries`: how often a task or wallet that is not known yet has been looked for before this. */
export function planPayment(
  subject: Subject,
  facts: PlanningFacts,
  settings: AcceptanceSettings,
  tries: number,
): Plan {
  if (facts.isAnnounced) return { state: "accepted", waitMs: ADOPTED_WAIT_MS, adopt: true };
  // Neither wallets nor "nothing was sent" can be believed yet: it is planned, or voided, once a person has looked.
  if (facts.isRestoring) return { state: "accepted", waitMs: RESTORING_WAIT_MS, adopt: false };
  if (settings.method === "transfer" && facts.beforeRestore) {
    return { state: "review", doubtReason: "before_restore" };
  }
  const eligibility = checkEligibility(subject, facts, settings);
  if (eligibility.kind === "eligible") {
    return { state: "planned", terms: eligibility.terms, adopt: facts.paidOnChain };
  }
  // Paid is paid: it cannot fail, however ineligible it looks today.
  if (facts.paidOnChain) return { state: "accepted", waitMs: ADOPTED_WAIT_MS, adopt: true };
  const waitMs = eligibility.kind === "wait" ? settings.retryDelaysMs[tries] : undefined;
  if (waitMs !== undefined) return { state: "accepted", waitMs, adopt: false };
  const { failure } = eligibility;
  if (!facts.beforeRestore) return { state: "failed", failure };
  return { state: "voiding", terms: closingTerms(subject, facts, settings), failure };
}

/** A void needs none, but every send carries some; with these nothing is ever paid, since only void is sent. */
function closingTerms(
  subject: Subject,
  facts: PlanningFacts,
  { tokens }: AcceptanceSettings,
): PlannedTerms {
  return {
    payer: facts.platform.wallet,
    token: tokens[isCurrency(subject.currency) ? subject.currency : "USDC"],
    recipient: facts.workerWallet ?? ZERO_ADDRESS,
    net: subject.amount,
    fee: 0n,
  };
}
