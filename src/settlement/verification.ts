import { LEDGER_CHECKS, type LedgerMismatch } from "./ledger-checks.ts";

const CHAIN_MISMATCHES = [
  "cursor_differs",
  "log_not_stored",
  "log_not_on_chain",
  "log_differs",
  "block_differs",
] as const;
const TRANSFER_MISMATCHES = ["transfer_not_on_chain", "ended_transfer_on_chain"] as const;
const SLOT_MISMATCHES = ["slot_not_paid", "slot_paid", "slot_not_closed"] as const;

export type ChainMismatchKind = (typeof CHAIN_MISMATCHES)[number];
export type SlotMismatchKind = (typeof SLOT_MISMATCHES)[number];
export type TransferMismatchKind = (typeof TRANSFER_MISMATCHES)[number];
export type MismatchKind =
  | LedgerMismatch
  | ChainMismatchKind
  | SlotMismatchKind
  | TransferMismatchKind;

/** Every name that a mismatch can have. */
export const MISMATCH_KINDS: readonly MismatchKind[] = [
  ...(Object.keys(LEDGER_CHECKS) as LedgerMismatch[]),
  ...CHAIN_MISMATCHES,
  ...SLOT_MISMATCHES,
  ...TRANSFER_MISMATCHES,
];

export interface Mismatch {
  readonly kind: MismatchKind;
  /** `broken` must never be; `late` has outlived its deadline. */
  readonly severity: "broken" | "late";
  readonly paymentId: string | null;
  /** Of a mismatch with the chain's own logs. */
  readonly blockNumber: bigint | null;
  /** One line for a person. */
  readonly detail: string;
}

export interface CheckReport {
  readonly name: string;
  /** Rows, logs or slots that were looked at. */
  readonly rows: number;
  /** Of checks that were asked together, an equal share each. */
  readonly ms: number;
  readonly mismatches: number;
}
