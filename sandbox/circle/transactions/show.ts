import { advance, type Progress, type TransactionRecord } from "./transaction.ts";

export interface ShowDeps {
  /** Told of every state a transaction comes to. */
  readonly announce: (record: TransactionRecord) => void;
}

/** Shows a change, unless a fault has Circle say something else for now: then it is kept for later. */
export function show(deps: ShowDeps, record: TransactionRecord, change: Partial<Progress>): void {
  if (record.isForced) record.truth = { ...record.truth, ...change };
  else setProgress(deps, record, change);
}

/** Shows a change, true or not. */
export function setProgress(
  deps: ShowDeps,
  record: TransactionRecord,
  change: Partial<Progress>,
): void {
  advance(record, change);
  deps.announce(record);
}
