import {
  collectDefaultMetrics,
  openMetricsContentType,
  prometheusContentType,
  Registry,
  type RegistryContentType,
} from "prom-client";
import { catalogue } from "./catalogue/catalogue.ts";
import { createInstruments, type Instruments } from "./instruments.ts";
import { BUDGETS_MS } from "./stages.ts";

/** What `/metrics` answers. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Every number that this process tells Prometheus, in one registry. Recording one never throws. */
export type Metrics = Instruments<typeof catalogue> & {
  /** As the scraper asked for it: exemplars are in OpenMetrics only. Never touches a database. */
  render(accept?: string): Promise<Exposition>;
};

/** Kinds of handles come and go with Node's versions, and their names break Prometheus' own rules. */
const UNWANTED = [
  "nodejs_active_handles",
  "nodejs_active_handles_total",
  "nodejs_active_requests",
  "nodejs_active_requests_total",
  "nodejs_active_resources",
  "nodejs_active_resources_total",
];

/** The share of payments that must be done within the threshold; docs/operations.md says what follows from it. */
const SLO_OBJECTIVE = 0.99;

export function createMetrics(settings: { readonly sloMs: number }): Metrics {
  // Exemplars need a registry that was OpenMetrics when its histograms were made.
  const registry = new Registry();
  const speak = (contentType: RegistryContentType) =>
    (registry as Registry<RegistryContentType>).setContentType(contentType);
  speak(openMetricsContentType);
  const instruments = createInstruments(registry, catalogue);
  collectDefaultMetrics({ register: registry });
  for (const name of UNWANTED) registry.removeSingleMetric(name);
  let slackMs = settings.sloMs;
  for (const [stage, budgetMs] of Object.entries(BUDGETS_MS)) {
    instruments.stageBudget.set({ stage: stage as keyof typeof BUDGETS_MS }, budgetMs / 1_000);
    slackMs -= budgetMs;
  }
  instruments.stageBudget.set({ stage: "slack" }, slackMs / 1_000);
  instruments.sloThreshold.set({}, settings.sloMs / 1_000);
  instruments.sloObjective.set({}, SLO_OBJECTIVE);
  return {
    ...instruments,
    async render(accept = "") {
      const isOpen = accept.includes("application/openmetrics-text");
      speak(isOpen ? openMetricsContentType : prometheusContentType);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
