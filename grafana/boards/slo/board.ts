import type { BoardSpec } from "../panel.ts";
import { burn } from "./burn.ts";
import { objective } from "./objective.ts";

export const sloBoard: BoardSpec = {
  uid: "payments-slo",
  title: "Payments: the promise",
  description: "Is the promise kept, and how fast is its budget being spent?",
  from: "now-24h",
  hasStages: false,
  rows: [objective, burn],
};
