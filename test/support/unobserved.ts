import { createMetrics } from "../../src/metrics/create-metrics.ts";

/** Metrics that nobody looks at: what is counted is another test's matter. */
export const unobserved = createMetrics({ sloMs: 3_000 });
