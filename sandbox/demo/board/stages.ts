/**
 * What a payment passes, in order, as the auditor sees it from outside. The budget is the mean that the way from the stage
 * before may take; what is left of the 3 seconds is slack.
 */
export const STAGES = [
  { name: "published", source: "the platforms' own ledger", budgetMs: null },
  { name: "accepted", source: "the payment's row in Postgres", budgetMs: 200 },
  { name: "sent", source: "the payment's row in Postgres", budgetMs: 150 },
  { name: "on chain", source: "the token's log on the chain", budgetMs: 2_000 },
  { name: "settled", source: "the payment's row in Postgres", budgetMs: 150 },
  { name: "acknowledged", source: "the event's arrival at the auditor", budgetMs: 50 },
] as const;

export const PUBLISHED = 0;
export const ACCEPTED = 1;
export const SENT = 2;
export const ON_CHAIN = 3;
export const SETTLED = 4;
export const ACKNOWLEDGED = 5;

/** From a task's completion to `payment.completed`. */
export const PROMISE_MS = 3_000;
