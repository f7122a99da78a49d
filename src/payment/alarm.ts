import type { BrokenInvariant, DoubtReason } from "./evidence.ts";

/**
 * What must never be passed over in silence: it is in the audit log, in the log, and pauses dispatch (AUTO_PAUSE).
 * - `paid_unknown`: a Paid of our instance for a payment that this database does not know;
 * - `chain_mismatch`: the node's chain is not the one that was followed so far;
 * - `mined_without_logs`: a send succeeded, yet none of its logs was followed;
 * - `announced_otherwise`: our own topic has another outcome of a generation than this database decided;
 * - `ledger_mismatch`: verifying found what must never be;
 * - `publish_refused`: Kafka will not take a record of ours.
 */
export type AlarmKind =
  | DoubtReason
  | BrokenInvariant
  | "paid_unknown"
  | "chain_mismatch"
  | "mined_without_logs"
  | "announced_otherwise"
  | "ledger_mismatch"
  | "publish_refused";

const KINDS: Readonly<Record<AlarmKind, true>> = {
  paid_after_failed: true,
  paid_without_transfer: true,
  paid_contradicts_terms: true,
  paid_log_not_found: true,
  voided_after_completed: true,
  transfer_without_log: true,
  transfer_contradicts_terms: true,
  transfer_proves_another: true,
  transfer_despite_end: true,
  paid_twice: true,
  voided_after_paid: true,
  paid_though_failed: true,
  paid_unknown: true,
  chain_mismatch: true,
  mined_without_logs: true,
  announced_otherwise: true,
  ledger_mismatch: true,
  publish_refused: true,
};
export const ALARM_KINDS = Object.keys(KINDS) as AlarmKind[];

export interface Alarm {
  readonly kind: AlarmKind;
  readonly paymentId: string | null;
  readonly generation: number | null;
  /** Plain JSON values. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The action under which an alarm stands in the audit log. */
export function alarmAction(kind: AlarmKind): string {
  return `alarm.${kind}`;
}
