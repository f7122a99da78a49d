import { INTAKE_CHECKS } from "./intake-checks.ts";
import type { LedgerCheck } from "./ledger-check.ts";
import { OUTCOME_CHECKS } from "./outcome-checks.ts";
import { PAID_CHECKS } from "./paid-checks.ts";
import { SEND_CHECKS } from "./send-checks.ts";
import { TRANSFER_CHECKS } from "./transfer-checks.ts";

const CHECKS = {
  ...PAID_CHECKS,
  ...OUTCOME_CHECKS,
  ...INTAKE_CHECKS,
  ...SEND_CHECKS,
  ...TRANSFER_CHECKS,
};

export type LedgerMismatch = keyof typeof CHECKS;

/** Every invariant of the ledger that the ledger itself can show to be broken, by name. */
export const LEDGER_CHECKS: Readonly<Record<LedgerMismatch, LedgerCheck>> = CHECKS;
