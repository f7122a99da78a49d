import { BUDGETS_MS } from "../../src/metrics/stages.ts";

/** SLO_MS as it is unless set; what a deployment has set is drawn as a line of its own. */
export const PROMISED_SECONDS = 3;
/** What a payment takes in the mean if every stage uses up its budget. */
export const BUDGETED_SECONDS =
  Object.values(BUDGETS_MS).reduce((sum, budgetMs) => sum + budgetMs, 0) / 1_000;
/** payments_slo_objective_ratio as it is. */
export const OBJECTIVE = 0.99;
