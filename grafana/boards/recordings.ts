import { CHOSEN_JOB } from "./promql.ts";

/** What grafana/prometheus/rules records, and the boards ask for. */
export const RECORDINGS = {
  /** The share of accepted live payments that missed the promise, looking back so far. */
  error5m: "job:payments_slo_error:ratio_rate5m",
  error1h: "job:payments_slo_error:ratio_rate1h",
  error6h: "job:payments_slo_error:ratio_rate6h",
  error1d: "job:payments_slo_error:ratio_rate1d",
  error3d: "job:payments_slo_error:ratio_rate3d",
  error30d: "job:payments_slo_error:ratio_rate30d",
  /** What is left of the budget of 30 days: 1 untouched, 0 spent, below that overspent. */
  budgetRemaining: "job:payments_slo_budget_remaining:ratio",
} as const;

export function recorded(key: keyof typeof RECORDINGS): string {
  return `${RECORDINGS[key]}{${CHOSEN_JOB}}`;
}
