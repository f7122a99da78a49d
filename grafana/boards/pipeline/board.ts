import type { BoardSpec } from "../panel.ts";
import { flow } from "./flow.ts";
import { http } from "./http.ts";
import { kafka } from "./kafka.ts";
import { liveEvents } from "./live-events.ts";
import { process } from "./process.ts";
import { webhooks } from "./webhooks.ts";

export const pipelineBoard: BoardSpec = {
  uid: "payments-pipeline",
  title: "Payments: the line",
  description: "What is stuck, where, and why?",
  from: "now-1h",
  hasStages: false,
  rows: [flow, kafka, http, webhooks, liveEvents, process],
};
