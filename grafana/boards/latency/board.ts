import type { BoardSpec } from "../panel.ts";
import { dependencies } from "./dependencies.ts";
import { endToEnd } from "./end-to-end.ts";
import { now } from "./now.ts";
import { stages } from "./stages.ts";

export const latencyBoard: BoardSpec = {
  uid: "payments-latency",
  title: "Payments: the 3 seconds",
  description: "Are we inside 3 s, and which stage eats the time?",
  from: "now-1h",
  hasStages: true,
  rows: [now, endToEnd, stages, dependencies],
};
