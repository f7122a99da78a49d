/**
 * The stages of a payment's life in the order in which it meets them, contiguous: each begins where the one before ended.
 * `retry_wait` and `void_wait` are there only where they happened.
 */
export const STAGES = [
  "ingest_wait",
  "accept",
  "retry_wait",
  "dispatch_wait",
  "submit",
  "chain",
  "void_wait",
  "follow",
  "settle",
  "relay",
] as const;
export type Stage = (typeof STAGES)[number];

/** What each may take in the mean, in ms; what is left of the threshold is slack. The waits for a retry or a void have no budget. */
export const BUDGETS_MS = {
  ingest_wait: 50,
  accept: 150,
  dispatch_wait: 150,
  submit: 400,
  chain: 1_600,
  follow: 50,
  settle: 100,
  relay: 50,
} as const satisfies Partial<Record<Stage, number>>;

export const BUDGETED = [
  ...(Object.keys(BUDGETS_MS) as (keyof typeof BUDGETS_MS)[]),
  "slack",
] as const;
