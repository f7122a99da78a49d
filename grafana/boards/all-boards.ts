import { latencyBoard } from "./latency/board.ts";
import { moneyBoard } from "./money/board.ts";
import type { BoardSpec } from "./panel.ts";
import { pipelineBoard } from "./pipeline/board.ts";
import { sloBoard } from "./slo/board.ts";

export const BOARDS: readonly BoardSpec[] = [latencyBoard, pipelineBoard, moneyBoard, sloBoard];
