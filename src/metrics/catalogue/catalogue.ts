import type { Definition } from "../definition.ts";
import { flowMetrics } from "./flow.ts";
import { httpMetrics } from "./http.ts";
import { kafkaMetrics } from "./kafka.ts";
import { latencyMetrics } from "./latency.ts";
import { liveMetrics } from "./live.ts";
import { moneyMetrics } from "./money.ts";
import { processMetrics } from "./process.ts";
import { webhookMetrics } from "./webhooks.ts";

/**
 * Every metric of the service. Labels with a list are closed, and each of their combinations is there from the start, as
 * 0; null marks an open one, whose values the help bounds. Never an id, a worker, a message.
 */
export const catalogue = {
  ...latencyMetrics,
  ...flowMetrics,
  ...kafkaMetrics,
  ...moneyMetrics,
  ...webhookMetrics,
  ...httpMetrics,
  ...processMetrics,
  ...liveMetrics,
} as const satisfies Record<string, Definition>;
